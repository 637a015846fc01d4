/* fake_host.h - a host without a kernel, for unit tests of plugins in C. It hands out the host
 * table with clocks that the test moves, counts what the plugin says, and keeps the first breach of
 * the rules. Life: outlives every instance made with it, and stays where it is. Thread: the plugin
 * may call complete() and log() on threads of its own, the rest is the test's. C11 (C++ has
 * fake_host.hpp). */
#ifndef SPAWN_PLUGIN_TESTING_FAKE_HOST_H
#define SPAWN_PLUGIN_TESTING_FAKE_HOST_H
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <threads.h>

#include "../entry.h"

enum { SPAWN_FAKE_INTERFACES_MAX = 8, SPAWN_FAKE_TEXT_MAX = 256 };

typedef struct spawn_fake_host {
  spawn_host table;        /* what the plugin gets */
  _Atomic uint64_t now_ns; /* both clocks are moved by the test: spawn_fake_pass */
  _Atomic int64_t unix_ms;
  atomic_uint completed, violations, logged, serving;
  char violation[SPAWN_FAKE_TEXT_MAX]; /* the first one */
  struct {
    const char* id;
    const void* table;
  } interfaces[SPAWN_FAKE_INTERFACES_MAX];
  uint32_t n_interfaces;
} spawn_fake_host;

static inline spawn_fake_host* spawn_fake_of(const spawn_host* h) {
  return (spawn_fake_host*)h->host_data;
}

static inline void spawn_fake_violation(spawn_fake_host* f, const char* what, spawn_slice more) {
  if (atomic_fetch_add(&f->violations, 1u) == 0) {
    snprintf(f->violation, sizeof(f->violation), "%s%.*s", what, (int)more.len,
             more.len != 0 ? (const char*)more.ptr : "");
  }
}

static inline const void* spawn_fake_get_interface(const spawn_host* h, const char* id) {
  spawn_fake_host* f = spawn_fake_of(h);
  uint32_t i;
  for (i = 0; i < f->n_interfaces; ++i) {
    if (strcmp(f->interfaces[i].id, id) == 0) {
      return f->interfaces[i].table;
    }
  }
  return NULL;
}

/* Call before an op is handed to the plugin: from here on it must end exactly once. */
static inline void spawn_fake_expect(spawn_fake_host* f, spawn_op* op) {
  op->host_private[0] = f;
}

static inline int spawn_fake_ended(const spawn_op* op) {
  return op->host_private[0] == NULL;
}

static inline void spawn_fake_complete(const spawn_host* h, spawn_op* const* ops, uint32_t n) {
  spawn_fake_host* f = spawn_fake_of(h);
  const spawn_slice none = {NULL, 0};
  uint32_t i;
  for (i = 0; i < n; ++i) {
    if (ops[i]->host_private[0] != f) {
      spawn_fake_violation(f, "an op was ended twice, or was never submitted", none);
    }
    ops[i]->host_private[0] = NULL;
    atomic_fetch_add(&f->completed, 1u);
  }
}

static inline void spawn_fake_log(const spawn_host* h, int32_t level, spawn_slice message,
                                  const spawn_kv* kv, uint32_t n) {
  (void)level;
  (void)message;
  (void)kv;
  (void)n;
  atomic_fetch_add(&spawn_fake_of(h)->logged, 1u);
}

static inline uint8_t spawn_fake_log_enabled(const spawn_host* h, int32_t level) {
  (void)h;
  (void)level;
  return 1;
}

static inline void spawn_fake_fault(const spawn_host* h, spawn_status why, spawn_slice message) {
  (void)why;
  spawn_fake_violation(spawn_fake_of(h), "fault: ", message);
}

static inline uint64_t spawn_fake_now_ns(const spawn_host* h) {
  return spawn_fake_of(h)->now_ns;
}

static inline int64_t spawn_fake_unix_ms(const spawn_host* h) {
  return spawn_fake_of(h)->unix_ms;
}

static inline void spawn_fake_health(const spawn_host* h, uint32_t serving, spawn_slice why) {
  (void)why;
  atomic_store(&spawn_fake_of(h)->serving, serving);
}

/* Time passes on both clocks. */
static inline void spawn_fake_pass(spawn_fake_host* f, uint32_t ms) {
  f->now_ns += (uint64_t)ms * 1000000u;
  f->unix_ms += ms;
}

/* The test rests, in real time. */
static inline void spawn_fake_rest(void) {
  const struct timespec one_ms = {0, 1000000};
  thrd_sleep(&one_ms, NULL);
}

static inline void spawn_fake_host_init(spawn_fake_host* f) {
  const spawn_host table = {sizeof(spawn_host),       SPAWN_ABI_MINOR,     f,
                            spawn_fake_get_interface, spawn_fake_complete, spawn_fake_log,
                            spawn_fake_log_enabled,   spawn_fake_fault,    spawn_fake_now_ns,
                            spawn_fake_unix_ms,       spawn_fake_health};
  memset(f, 0, sizeof(*f));
  f->table = table;
  f->now_ns = 1000000000u;
  f->unix_ms = 1700000000000;
  f->serving = 1;
}

/* Offers an optional host interface; 0 when there is no room for it. Both outlive the host. */
static inline int spawn_fake_offer(spawn_fake_host* f, const char* id, const void* table) {
  if (f->n_interfaces == SPAWN_FAKE_INTERFACES_MAX) {
    return 0;
  }
  f->interfaces[f->n_interfaces].id = id;
  f->interfaces[f->n_interfaces].table = table;
  ++f->n_interfaces;
  return 1;
}

/* One step of an instance's life. It may end on a thread of the plugin's; one that has not ended
 * after ten seconds is a violation. `step` is a slot of the instance's table. */
static inline spawn_status spawn_fake_step(spawn_fake_host* f, spawn_instance* instance,
                                           void (*step)(spawn_instance*, spawn_op*)) {
  static spawn_op op; /* not on the stack: a plugin that ends it late writes to it */
  const spawn_slice none = {NULL, 0};
  const uint32_t before = atomic_load(&f->completed);
  int left = 10000;
  memset(&op, 0, sizeof(op));
  op.struct_size = sizeof(op);
  spawn_fake_expect(f, &op);
  step(instance, &op);
  while (atomic_load(&f->completed) == before && --left != 0) {
    spawn_fake_rest();
  }
  if (left == 0 || !spawn_fake_ended(&op)) {
    spawn_fake_violation(f, "a life-cycle op did not end", none);
    return SPAWN_E_INTERNAL;
  }
  if (op.error.release != NULL) {
    op.error.release(op.error.ctx, op.error.ptr, op.error.len);
  }
  return op.status;
}

/* An instance of the plugin, created and started; NULL when it would not. */
static inline spawn_instance* spawn_fake_start(spawn_fake_host* f, const spawn_plugin_entry* entry,
                                               const char* config_json) {
  const spawn_slice name = {"test", 4};
  const spawn_slice config = {config_json, strlen(config_json)};
  const spawn_create_info info = {sizeof(info), 1, name, config, NULL, 0, 0};
  spawn_instance* made = NULL;
  spawn_buf error = {NULL, 0, NULL, NULL};
  if (entry->init(&f->table) != SPAWN_OK) {
    return NULL;
  }
  if (entry->create(&f->table, &info, &made, &error) != SPAWN_OK) {
    if (error.release != NULL) {
      error.release(error.ctx, error.ptr, error.len);
    }
    entry->deinit();
    return NULL;
  }
  if (spawn_fake_step(f, made, made->vt->start) != SPAWN_OK) {
    made->vt->destroy(made);
    entry->deinit();
    return NULL;
  }
  return made;
}

/* The orderly end of an instance: quiesce, drain, stop, destroy. */
static inline void spawn_fake_end(spawn_fake_host* f, const spawn_plugin_entry* entry,
                                  spawn_instance* instance) {
  const spawn_slice none = {NULL, 0};
  if (spawn_fake_step(f, instance, instance->vt->quiesce) != SPAWN_OK ||
      spawn_fake_step(f, instance, instance->vt->drain) != SPAWN_OK ||
      spawn_fake_step(f, instance, instance->vt->stop) != SPAWN_OK) {
    spawn_fake_violation(f, "quiesce, drain and stop did not all end OK", none);
  }
  instance->vt->destroy(instance);
  entry->deinit();
}
#endif
