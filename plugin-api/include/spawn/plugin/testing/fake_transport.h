/* fake_transport.h - what unit tests of a transport in C need beside fake_host.h: an instance with
 * one lane, its ops as calls, and the last of what it delivered. Life: spawn_fake_bus_start to
 * spawn_fake_bus_end; it stays where it is. Thread: the test's; for plugins that deliver and end
 * ops inside the calls. C11 (C++ has fake_transport.hpp). */
#ifndef SPAWN_PLUGIN_TESTING_FAKE_TRANSPORT_H
#define SPAWN_PLUGIN_TESTING_FAKE_TRANSPORT_H
#include "../transport.h"
#include "fake_host.h"

enum { SPAWN_FAKE_SUBSCRIPTIONS_MAX = 16 };

typedef struct spawn_fake_bus {
  spawn_fake_host host; /* first: the plugin's host is it */
  spawn_host_transport services;
  const spawn_plugin_entry* entry;
  spawn_instance* instance;
  const spawn_transport* table;
  spawn_tp_lane* lane;
  uint32_t link_up, n_heard;
  /* of the last delivery, cut at the end of the room */
  uint64_t sub_id;
  char subject[SPAWN_FAKE_TEXT_MAX], payload[SPAWN_FAKE_TEXT_MAX];
  /* credit given and not used; sub_ids below the bound */
  uint64_t credit[SPAWN_FAKE_SUBSCRIPTIONS_MAX];
} spawn_fake_bus;

static inline spawn_fake_bus* spawn_fake_bus_of(const spawn_host* h) {
  return (spawn_fake_bus*)(void*)spawn_fake_of(h);
}

static inline void spawn_fake_copy(char* to, const void* from, uint64_t len) {
  snprintf(to, SPAWN_FAKE_TEXT_MAX, "%.*s", (int)len, len != 0 ? (const char*)from : "");
}

static inline void spawn_fake_deliver(const spawn_host* h, uint32_t lane, const spawn_tp_message* m,
                                      uint32_t n) {
  const spawn_slice none = {NULL, 0};
  spawn_fake_bus* b = spawn_fake_bus_of(h);
  uint32_t i;
  (void)lane;
  for (i = 0; i < n; ++i) {
    if (m[i].sub_id >= SPAWN_FAKE_SUBSCRIPTIONS_MAX || b->credit[m[i].sub_id] == 0) {
      spawn_fake_violation(&b->host, "a delivery beyond the credit", none);
    } else {
      --b->credit[m[i].sub_id];
    }
    ++b->n_heard;
    b->sub_id = m[i].sub_id;
    spawn_fake_copy(b->subject, m[i].subject.ptr, m[i].subject.len);
    spawn_fake_copy(b->payload, m[i].payload.ptr, m[i].payload.len);
    if (m[i].payload.release != NULL) {
      m[i].payload.release(m[i].payload.ctx, m[i].payload.ptr, m[i].payload.len);
    }
  }
}

static inline void spawn_fake_link_state(const spawn_host* h, uint32_t up) {
  spawn_fake_bus_of(h)->link_up = up;
}

/* 0: it did not start. */
static inline int spawn_fake_bus_start(spawn_fake_bus* b, const spawn_plugin_entry* entry,
                                       const char* config_json) {
  const spawn_host_transport services = {sizeof(services), 0, spawn_fake_deliver,
                                         spawn_fake_link_state};
  memset(b, 0, sizeof(*b));
  spawn_fake_host_init(&b->host);
  b->services = services;
  spawn_fake_offer(&b->host, SPAWN_HOST_TRANSPORT, &b->services);
  b->entry = entry;
  b->instance = spawn_fake_start(&b->host, entry, config_json);
  if (b->instance == NULL) {
    return 0;
  }
  b->table = (const spawn_transport*)b->instance->vt->get_interface(b->instance, SPAWN_TRANSPORT);
  return b->table != NULL && b->table->lane_open(b->instance, 0, &b->lane) == SPAWN_OK;
}

static inline void spawn_fake_bus_end(spawn_fake_bus* b) {
  b->table->lane_close(b->lane);
  spawn_fake_end(&b->host, b->entry, b->instance);
}

static inline spawn_status spawn_fake_bus_submit(spawn_fake_bus* b, spawn_op* op) {
  const spawn_slice none = {NULL, 0};
  spawn_fake_expect(&b->host, op);
  b->table->submit(b->lane, &op, 1);
  if (!spawn_fake_ended(op)) {
    spawn_fake_violation(&b->host, "an op did not end inside submit", none);
  }
  if (op->error.release != NULL) {
    op->error.release(op->error.ctx, op->error.ptr, op->error.len);
  }
  return op->status;
}

static inline spawn_status spawn_fake_publish(spawn_fake_bus* b, const char* subject,
                                              const char* payload) {
  const spawn_slice part = {payload, strlen(payload)};
  spawn_tp_send op;
  memset(&op, 0, sizeof(op));
  op.op.struct_size = sizeof(op);
  op.op.code = SPAWN_TP_PUBLISH;
  op.subject.ptr = subject;
  op.subject.len = strlen(subject);
  op.payload = &part;
  op.n_payload = 1;
  return spawn_fake_bus_submit(b, &op.op);
}

static inline spawn_status spawn_fake_sub(spawn_fake_bus* b, uint16_t code, uint64_t sub_id,
                                          const char* pattern, uint32_t credit) {
  spawn_tp_sub op;
  memset(&op, 0, sizeof(op));
  op.op.struct_size = sizeof(op);
  op.op.code = code;
  op.sub_id = sub_id;
  op.pattern.ptr = pattern;
  op.pattern.len = strlen(pattern);
  op.initial_credit = credit;
  return spawn_fake_bus_submit(b, &op.op);
}

/* sub_id is below SPAWN_FAKE_SUBSCRIPTIONS_MAX. */
static inline spawn_status spawn_fake_subscribe(spawn_fake_bus* b, uint64_t sub_id,
                                                const char* pattern, uint32_t credit) {
  b->credit[sub_id] += credit;
  return spawn_fake_sub(b, SPAWN_TP_SUBSCRIBE, sub_id, pattern, credit);
}

static inline spawn_status spawn_fake_unsubscribe(spawn_fake_bus* b, uint64_t sub_id) {
  return spawn_fake_sub(b, SPAWN_TP_UNSUBSCRIBE, sub_id, "", 0);
}

static inline void spawn_fake_grant(spawn_fake_bus* b, uint64_t sub_id, uint32_t credit) {
  b->credit[sub_id] += credit;
  b->table->grant(b->lane, sub_id, credit);
}
#endif
