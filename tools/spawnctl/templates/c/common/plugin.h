/* What every plugin in C has: ends of ops, bytes handed to the host, the life of an instance that
 * has nothing to do in it, and the entry. */
#ifndef PLUGIN_H
#define PLUGIN_H
#include <stdlib.h>
#include <string.h>

#include "spawn/plugin/config.h"
#include "spawn/plugin/entry.h"
#include "spawn_manifest.h"

/* Text of static storage; pass a literal. */
static inline void plugin_end(const spawn_host* h, spawn_op* op, spawn_status status,
                              const char* why) {
  op->status = status;
  if (why != NULL) {
    const spawn_buf text = {why, strlen(why), NULL, NULL};
    op->error = text;
  }
  h->complete(h, &op, 1);
}

static inline int plugin_is_late(const spawn_host* h, const spawn_op* op) {
  return op->deadline_ns != 0 && h->now_ns(h) > op->deadline_ns;
}

/* A copy with a NUL behind it; NULL: out of memory. */
static inline char* plugin_text(const void* from, uint64_t len) {
  char* text = malloc((size_t)len + 1);
  if (text != NULL) {
    memcpy(text, len != 0 ? from : "", (size_t)len);
    text[len] = '\0';
  }
  return text;
}

/* For start, quiesce, drain and stop. */
static inline void plugin_end_ok(spawn_instance* self, spawn_op* op) {
  plugin_end(self->host, op, SPAWN_OK, NULL);
}

static inline spawn_status plugin_init(const spawn_host* h) {
  (void)h;
  return SPAWN_OK;
}
static inline void plugin_deinit(void) {}

/* Once per plugin, at file scope. */
#define PLUGIN_ENTRY(create)                                             \
  SPAWN_MANIFEST(SPAWN_PLUGIN_MANIFEST_JSON);                            \
  SPAWN_EXPORT const spawn_plugin_entry* spawn_plugin_entry_1(void) {    \
    static const spawn_plugin_entry entry = {sizeof(spawn_plugin_entry), \
                                             SPAWN_ABI_MINOR,            \
                                             0,                          \
                                             SPAWN_PLUGIN_MANIFEST_JSON, \
                                             plugin_init,                \
                                             plugin_deinit,              \
                                             create};                    \
    return &entry;                                                       \
  }                                                                      \
  typedef int plugin_entry_is_there /* takes the semicolon */

#endif
