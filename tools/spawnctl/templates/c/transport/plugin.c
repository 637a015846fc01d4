/* The transport as a plugin: settings, instance, lanes, entry. */
#include <stdatomic.h>
#include <stdio.h>

#include "bus.h"
#include "plugin.h"

typedef struct instance {
  spawn_instance base; /* first: the kernel's pointer is ours */
  char* bus;
  uint64_t max_held;
  atomic_ullong published;
} instance;

static uint64_t capabilities(spawn_instance* self) {
  (void)self;
  return SPAWN_TP_CAP_ORDERED_PER_SUBJECT | SPAWN_TP_CAP_HEADERS;
}

static spawn_status lane_open(spawn_instance* self, uint32_t lane, spawn_tp_lane** out) {
  const instance* i = (const instance*)self;
  place* made = malloc(sizeof(place));
  if (made == NULL) {
    return SPAWN_E_EXHAUSTED;
  }
  made->owner = self;
  made->bus = i->bus;
  made->max_held = i->max_held;
  made->lane = lane;
  *out = (spawn_tp_lane*)(void*)made;
  return SPAWN_OK;
}

static void lane_close(spawn_tp_lane* lane) {
  free(lane);
}

static spawn_status run(const place* at, const spawn_op* op) {
  const int sends = op->code == SPAWN_TP_PUBLISH;
  const uint64_t needed = sends ? sizeof(spawn_tp_send) : sizeof(spawn_tp_sub);
  if (!sends && op->code != SPAWN_TP_SUBSCRIBE && op->code != SPAWN_TP_UNSUBSCRIBE) {
    return SPAWN_E_UNSUPPORTED;
  }
  if (op->struct_size < needed) {
    return SPAWN_E_INVALID;
  }
  if (plugin_is_late(at->owner->host, op)) {
    return SPAWN_E_DEADLINE;
  }
  if (sends) {
    atomic_fetch_add(&((instance*)at->owner)->published, 1u);
    return bus_publish(at, (const spawn_tp_send*)op);
  }
  return op->code == SPAWN_TP_SUBSCRIBE ? bus_subscribe(at, (const spawn_tp_sub*)op)
                                        : bus_unsubscribe(at, ((const spawn_tp_sub*)op)->sub_id);
}

static void submit(spawn_tp_lane* lane, spawn_op* const* ops, uint32_t n) {
  const place* at = (const place*)(const void*)lane;
  uint32_t i;
  for (i = 0; i < n; ++i) {
    ops[i]->status = run(at, ops[i]);
  }
  at->owner->host->complete(at->owner->host, ops, n);
}

static void grant(spawn_tp_lane* lane, uint64_t sub_id, uint32_t credit) {
  bus_grant((const place*)(const void*)lane, sub_id, credit);
}

/* Deliveries have no token. */
static void settle(spawn_tp_lane* lane, const uint64_t* tokens, uint32_t n, uint32_t nack) {
  (void)lane;
  (void)tokens;
  (void)n;
  (void)nack;
}

static const spawn_transport table = {
    sizeof(spawn_transport), 0, capabilities, lane_open, submit, grant, settle, lane_close};

static const void* get_interface(spawn_instance* self, const char* id) {
  (void)self;
  return strcmp(id, SPAWN_TRANSPORT) == 0 ? &table : NULL;
}

static void start(spawn_instance* self, spawn_op* op) {
  const spawn_host* h = self->host;
  const spawn_host_transport* to = h->get_interface(h, SPAWN_HOST_TRANSPORT);
  if (to == NULL) {
    plugin_end(h, op, SPAWN_E_UNSUPPORTED, "the host has no " SPAWN_HOST_TRANSPORT);
    return;
  }
  to->link_state(h, 1);
  plugin_end(h, op, SPAWN_OK, NULL);
}

static void quiesce(spawn_instance* self, spawn_op* op) {
  const spawn_host* h = self->host;
  const spawn_slice message = {"the bus is left", 15};
  char number[24];
  const int len =
      snprintf(number, sizeof(number), "%llu", atomic_load(&((instance*)self)->published));
  const spawn_kv published = {{"published", 9}, {number, (uint64_t)len}};
  bus_leave(self);
  h->log(h, 2, message, &published, 1);
  plugin_end(h, op, SPAWN_OK, NULL);
}

static void destroy(spawn_instance* self) {
  instance* i = (instance*)self;
  bus_leave(self);
  free(i->bus);
  free(i);
}

static const spawn_instance_vtbl vtbl = {sizeof(spawn_instance_vtbl),
                                         0,
                                         get_interface,
                                         start,
                                         quiesce,
                                         plugin_end_ok,
                                         plugin_end_ok,
                                         destroy};

static spawn_status create(const spawn_host* h, const spawn_create_info* info, spawn_instance** out,
                           spawn_buf* error) {
  const spawn_slice bus = spawn_config_text(info->config_json, "bus");
  instance* i = calloc(1, sizeof(instance));
  (void)error;
  if (i == NULL) {
    return SPAWN_E_EXHAUSTED;
  }
  i->base.vt = &vtbl;
  i->base.host = h;
  i->bus = bus.len != 0 ? plugin_text(bus.ptr, bus.len) : plugin_text("default", 7);
  i->max_held = spawn_config_number(info->config_json, "max_held", 1024);
  if (i->bus == NULL) {
    free(i);
    return SPAWN_E_EXHAUSTED;
  }
  *out = &i->base;
  return SPAWN_OK;
}

PLUGIN_ENTRY(create);
