/* plugin_file.h - opens a plugin file for a test, the way the kernel does but without its lint. The
 * mapping stays until the process ends, since a plugin may have left threads behind. C11, also C++;
 * link with the dl library (CMAKE_DL_LIBS). */
#ifndef SPAWN_PLUGIN_TESTING_PLUGIN_FILE_H
#define SPAWN_PLUGIN_TESTING_PLUGIN_FILE_H
#include <dlfcn.h>
#include <string.h>

#include "../entry.h"
#ifdef __cplusplus
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wold-style-cast" /* one text for C and C++ */
extern "C" {
#endif

/* The entry, or NULL and in *why what the loader says; `why` is good until the next call. */
static inline const spawn_plugin_entry* spawn_open_plugin(const char* path, const char** why) {
  void* library = dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
  void* symbol = library != NULL ? dlsym(library, SPAWN_ENTRY_SYMBOL) : NULL;
  spawn_plugin_entry_fn entry;
  *why = symbol == NULL ? dlerror() : NULL;
  if (symbol == NULL) {
    return NULL;
  }
  memcpy(&entry, &symbol, sizeof(entry)); /* ISO C has no cast from data to function */
  return entry();
}

#ifdef __cplusplus
} /* extern "C" */
#pragma GCC diagnostic pop
#endif
#endif
