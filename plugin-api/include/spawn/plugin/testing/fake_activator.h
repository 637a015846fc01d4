/* fake_activator.h - what unit tests of an activator in C need beside fake_host.h: an instance with
 * its lane, offers that are taken within the window, and verdicts. Life: spawn_fake_source_start to
 * spawn_fake_source_end; it stays where it is. Thread: the test's; a plugin may offer on one thread
 * of its own. C11 (C++ has fake_activator.hpp). */
#ifndef SPAWN_PLUGIN_TESTING_FAKE_ACTIVATOR_H
#define SPAWN_PLUGIN_TESTING_FAKE_ACTIVATOR_H
#include <stdlib.h>

#include "../activator.h"
#include "fake_host.h"

enum { SPAWN_FAKE_OFFERS_MAX = 64 };

/* A delivery, copied; texts are cut at the end of the room. */
typedef struct spawn_fake_offer_seen {
  uint64_t token;
  char payload[SPAWN_FAKE_TEXT_MAX], order_key[SPAWN_FAKE_TEXT_MAX], dedup_id[SPAWN_FAKE_TEXT_MAX];
} spawn_fake_offer_seen;

typedef struct spawn_fake_source {
  spawn_fake_host host; /* first: the plugin's host is it */
  spawn_host_activator services;
  const spawn_plugin_entry* entry;
  spawn_instance* instance;
  const spawn_activator* table;
  spawn_ac_lane* lane;
  atomic_uint window, unsettled;
  atomic_uint n_offers; /* taken by the host so far */
  uint32_t n_taken;     /* taken by the test */
  spawn_fake_offer_seen offers[SPAWN_FAKE_OFFERS_MAX];
} spawn_fake_source;

/* Waits until it holds; ends the test's process when it does not within ten seconds. */
#define SPAWN_FAKE_EVENTUALLY(holds)                            \
  do {                                                          \
    int spawn_fake_left = 10000;                                \
    while (!(holds) && --spawn_fake_left != 0) {                \
      spawn_fake_rest();                                        \
    }                                                           \
    if (spawn_fake_left == 0) {                                 \
      fprintf(stderr, "FAILED: it never came to %s\n", #holds); \
      exit(1);                                                  \
    }                                                           \
  } while (0)

static inline void spawn_fake_text(char* to, spawn_slice from) {
  snprintf(to, SPAWN_FAKE_TEXT_MAX, "%.*s", (int)from.len,
           from.len != 0 ? (const char*)from.ptr : "");
}

static inline uint32_t spawn_fake_offered(const spawn_host* h, uint32_t lane,
                                          const spawn_delivery* const* d, uint32_t n) {
  const spawn_slice none = {NULL, 0};
  spawn_fake_source* s = (spawn_fake_source*)(void*)spawn_fake_of(h);
  uint32_t i;
  (void)lane;
  for (i = 0; i < n; ++i) {
    const uint32_t at = atomic_load(&s->n_offers);
    spawn_fake_offer_seen* seen = &s->offers[at % SPAWN_FAKE_OFFERS_MAX];
    if (atomic_load(&s->unsettled) >= atomic_load(&s->window) || at == SPAWN_FAKE_OFFERS_MAX) {
      return i;
    }
    if (d[i]->token == 0) {
      spawn_fake_violation(&s->host, "a token is 0", none);
    }
    seen->token = d[i]->token;
    spawn_fake_text(seen->payload, d[i]->payload.value);
    spawn_fake_text(seen->order_key, d[i]->order_key);
    spawn_fake_text(seen->dedup_id, d[i]->dedup_id);
    if (d[i]->owner.release != NULL) {
      d[i]->owner.release(d[i]->owner.ctx, d[i]->owner.ptr, d[i]->owner.len);
    }
    atomic_fetch_add(&s->unsettled, 1u);
    atomic_fetch_add(&s->n_offers, 1u);
  }
  return n;
}

static inline void spawn_fake_lag(const spawn_host* h, spawn_slice source, uint64_t messages,
                                  uint64_t oldest_ms) {
  (void)h;
  (void)source;
  (void)messages;
  (void)oldest_ms;
}

/* This host keeps no cursors. */
static inline spawn_status spawn_fake_cursor_set(const spawn_host* h, spawn_slice source,
                                                 spawn_slice bytes) {
  (void)h;
  (void)source;
  (void)bytes;
  return SPAWN_OK;
}
static inline spawn_status spawn_fake_cursor_get(const spawn_host* h, spawn_slice source,
                                                 spawn_buf* out) {
  (void)h;
  (void)source;
  (void)out;
  return SPAWN_E_NOT_FOUND;
}

/* 0: it did not start. */
static inline int spawn_fake_source_start(spawn_fake_source* s, const spawn_plugin_entry* entry,
                                          const char* config_json) {
  const spawn_host_activator services = {sizeof(services),      0,
                                         spawn_fake_offered,    spawn_fake_lag,
                                         spawn_fake_cursor_set, spawn_fake_cursor_get};
  memset(s, 0, sizeof(*s));
  spawn_fake_host_init(&s->host);
  s->services = services;
  spawn_fake_offer(&s->host, SPAWN_HOST_ACTIVATOR, &s->services);
  s->entry = entry;
  s->instance = spawn_fake_start(&s->host, entry, config_json);
  if (s->instance == NULL) {
    return 0;
  }
  s->table = (const spawn_activator*)s->instance->vt->get_interface(s->instance, SPAWN_ACTIVATOR);
  return s->table != NULL && s->table->lane_open(s->instance, 0, &s->lane) == SPAWN_OK;
}

static inline void spawn_fake_window(spawn_fake_source* s, uint32_t window) {
  atomic_store(&s->window, window);
  s->table->set_window(s->lane, window, 0);
}

static inline void spawn_fake_settle(spawn_fake_source* s, uint64_t token, uint32_t verdict,
                                     uint32_t delay_ms) {
  spawn_settle one;
  const spawn_settle* raw = &one;
  memset(&one, 0, sizeof(one));
  one.struct_size = sizeof(one);
  one.verdict = verdict;
  one.token = token;
  one.delay_ms = delay_ms;
  if (verdict != SPAWN_EXTEND) {
    atomic_fetch_sub(&s->unsettled, 1u);
  }
  s->table->settle(s->lane, &raw, 1);
}

/* The next delivery; waits for it up to ten seconds. 0: none came. */
static inline int spawn_fake_take(spawn_fake_source* s, spawn_fake_offer_seen* out) {
  int left = 10000;
  while (atomic_load(&s->n_offers) == s->n_taken && --left != 0) {
    spawn_fake_rest();
  }
  if (left != 0) {
    *out = s->offers[s->n_taken++];
  }
  return left != 0;
}

static inline void spawn_fake_source_end(spawn_fake_source* s) {
  spawn_fake_window(s, 0);
  s->table->lane_close(s->lane);
  spawn_fake_end(&s->host, s->entry, s->instance);
}
#endif
