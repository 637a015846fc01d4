/* The statestore as a plugin: settings, instance, lanes, entry. */
#include <pthread.h>

#include "plugin.h"
#include "store.h"

typedef struct instance {
  spawn_instance base;   /* first: the kernel's pointer is ours */
  pthread_mutex_t mutex; /* lanes call at the same time */
  store records;
} instance;

static uint64_t capabilities(spawn_instance* self) {
  (void)self;
  return SPAWN_SS_CAP_ATOMIC_GROUP | SPAWN_SS_CAP_LIST;
}

/* Lanes keep nothing of their own, so each is the instance itself. */
static spawn_status lane_open(spawn_instance* self, uint32_t lane, spawn_ss_lane** out) {
  (void)lane;
  *out = (spawn_ss_lane*)(void*)self;
  return SPAWN_OK;
}

static void lane_close(spawn_ss_lane* lane) {
  (void)lane;
}

/* Ops end inside submit, so there is nothing to cancel. */
static void cancel(spawn_ss_lane* lane, spawn_op* op) {
  (void)lane;
  (void)op;
}

static void read_one(const instance* i, spawn_op* op) {
  const spawn_host* h = i->base.host;
  if (plugin_is_late(h, op)) {
    op->status = SPAWN_E_DEADLINE;
  } else if (op->code == SPAWN_SS_LOAD && op->struct_size >= sizeof(spawn_ss_load)) {
    op->status = store_load(&i->records, (spawn_ss_load*)op);
  } else if (op->code == SPAWN_SS_LIST && op->struct_size >= sizeof(spawn_ss_list)) {
    op->status = store_list(&i->records, (spawn_ss_list*)op);
  } else {
    op->status = SPAWN_E_UNSUPPORTED;
  }
}

/* A group is done where the first of it stands. */
static int done_before(spawn_op* const* ops, uint32_t at) {
  const uint64_t group = ((spawn_ss_save*)ops[at])->atomic_group;
  uint32_t i;
  for (i = 0; group != 0 && i < at; ++i) {
    if (store_in_group(ops[i], group)) {
      return 1;
    }
  }
  return 0;
}

static void submit(spawn_ss_lane* lane, spawn_op* const* ops, uint32_t n) {
  instance* i = (instance*)(void*)lane;
  const spawn_host* h = i->base.host;
  uint32_t at;
  pthread_mutex_lock(&i->mutex);
  for (at = 0; at < n; ++at) {
    if (!store_is_write(ops[at])) {
      read_one(i, ops[at]);
    } else if (!done_before(ops, at)) {
      store_write_group(&i->records, h, ops + at, n - at);
    }
  }
  store_drop_holes(&i->records);
  pthread_mutex_unlock(&i->mutex);
  h->complete(h, ops, n);
}

static const spawn_statestore table = {
    sizeof(spawn_statestore), 0, capabilities, lane_open, submit, cancel, lane_close};

static const void* get_interface(spawn_instance* self, const char* id) {
  (void)self;
  return strcmp(id, SPAWN_STATESTORE) == 0 ? &table : NULL;
}

static void destroy(spawn_instance* self) {
  instance* i = (instance*)self;
  store_free(&i->records);
  pthread_mutex_destroy(&i->mutex);
  free(i);
}

static const spawn_instance_vtbl vtbl = {sizeof(spawn_instance_vtbl),
                                         0,
                                         get_interface,
                                         plugin_end_ok,
                                         plugin_end_ok,
                                         plugin_end_ok,
                                         plugin_end_ok,
                                         destroy};

static spawn_status create(const spawn_host* h, const spawn_create_info* info, spawn_instance** out,
                           spawn_buf* error) {
  instance* i = calloc(1, sizeof(instance));
  (void)error;
  if (i == NULL || pthread_mutex_init(&i->mutex, NULL) != 0) {
    free(i);
    return SPAWN_E_EXHAUSTED;
  }
  i->base.vt = &vtbl;
  i->base.host = h;
  i->records.max_rows = spawn_config_number(info->config_json, "max_records", 1000000);
  *out = &i->base;
  return SPAWN_OK;
}

PLUGIN_ENTRY(create);
