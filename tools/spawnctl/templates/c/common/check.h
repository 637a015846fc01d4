/* What the tests stand on: the plugin's file, and require(). */
#ifndef CHECK_H
#define CHECK_H
#include <stdio.h>
#include <stdlib.h>

#include "spawn/plugin/testing/fake_host.h"
#include "spawn/plugin/testing/plugin_file.h"

static inline void require(int holds, const char* what) {
  if (!holds) {
    fprintf(stderr, "FAILED: %s\n", what);
    exit(1);
  }
}

/* The first argument is the plugin's file. */
static inline const spawn_plugin_entry* open_plugin(int argc, char** argv) {
  const char* why = NULL;
  const spawn_plugin_entry* entry;
  require(argc == 2, "usage: test PLUGIN.so");
  entry = spawn_open_plugin(argv[1], &why);
  require(entry != NULL, why != NULL ? why : "the file has no entry");
  return entry;
}
#endif
