/* The activator as a plugin: settings, instance, lane, entry. */
#include "plugin.h"
#include "source.h"

typedef struct instance {
  spawn_instance base; /* first: the kernel's pointer is ours */
  char* name;
  source from;
} instance;

static source* of(spawn_instance* self) {
  return &((instance*)self)->from;
}

static uint64_t capabilities(spawn_instance* self) {
  (void)self;
  return SPAWN_AC_CAP_RETRY_DELAY | SPAWN_AC_CAP_DEAD_LETTER;
}

/* There is one lane: it is the source itself. */
static void open_lane(source* s, int open) {
  pthread_mutex_lock(&s->offering);
  s->lane_open = open;
  pthread_mutex_unlock(&s->offering);
}

static spawn_status lane_open(spawn_instance* self, uint32_t lane, spawn_ac_lane** out) {
  (void)lane;
  open_lane(of(self), 1);
  *out = (spawn_ac_lane*)(void*)of(self);
  return SPAWN_OK;
}

static void lane_close(spawn_ac_lane* lane) {
  open_lane((source*)(void*)lane, 0);
}

static void set_window(spawn_ac_lane* lane, uint32_t window, uint32_t pause) {
  source* s = (source*)(void*)lane;
  (void)pause;
  pthread_mutex_lock(&s->mutex);
  s->window = window;
  pthread_mutex_unlock(&s->mutex);
}

/* A verdict that there is no memory for is not carried out: the file stays and comes again with the
 * next start. */
static void settle(spawn_ac_lane* lane, const spawn_settle* const* all, uint32_t n) {
  source* s = (source*)(void*)lane;
  uint32_t i;
  pthread_mutex_lock(&s->mutex);
  if (s->n_verdicts + n > s->room_for_verdicts) {
    const uint32_t room = 2 * (s->n_verdicts + n);
    verdict* more = realloc(s->verdicts, room * sizeof(verdict));
    s->verdicts = more != NULL ? more : s->verdicts;
    s->room_for_verdicts = more != NULL ? room : s->room_for_verdicts;
  }
  for (i = 0; i < n && s->n_verdicts < s->room_for_verdicts; ++i) {
    const verdict one = {all[i]->token, all[i]->verdict, all[i]->delay_ms};
    s->verdicts[s->n_verdicts++] = one;
  }
  pthread_cond_signal(&s->told);
  pthread_mutex_unlock(&s->mutex);
}

static const spawn_activator table = {
    sizeof(spawn_activator), 0, capabilities, lane_open, set_window, settle, lane_close};

static const void* get_interface(spawn_instance* self, const char* id) {
  (void)self;
  return strcmp(id, SPAWN_ACTIVATOR) == 0 ? &table : NULL;
}

static void set_quiesced(source* s, int on) {
  pthread_mutex_lock(&s->mutex);
  s->quiesced = on;
  pthread_mutex_unlock(&s->mutex);
}

/* Once more: takes a quiesce back. */
static void start(spawn_instance* self, spawn_op* op) {
  instance* i = (instance*)self;
  const spawn_slice name = {i->name, strlen(i->name)};
  set_quiesced(&i->from, 0);
  if (!i->from.running && !source_start(&i->from, name)) {
    plugin_end(self->host, op, SPAWN_E_EXHAUSTED, "no thread could be made");
    return;
  }
  plugin_end(self->host, op, SPAWN_OK, NULL);
}

static void quiesce(spawn_instance* self, spawn_op* op) {
  set_quiesced(of(self), 1);
  plugin_end(self->host, op, SPAWN_OK, NULL);
}

static void drain(spawn_instance* self, spawn_op* op) {
  pthread_mutex_lock(&of(self)->mutex);
  of(self)->draining = op;
  pthread_mutex_unlock(&of(self)->mutex);
}

static void stop(spawn_instance* self, spawn_op* op) {
  source_stop(of(self));
  plugin_end(self->host, op, SPAWN_OK, NULL);
}

static void destroy(spawn_instance* self) {
  instance* i = (instance*)self;
  source_stop(&i->from);
  pthread_mutex_destroy(&i->from.mutex);
  pthread_mutex_destroy(&i->from.offering);
  pthread_cond_destroy(&i->from.told);
  free(i->from.folder);
  free(i->name);
  free(i);
}

static const spawn_instance_vtbl vtbl = {
    sizeof(spawn_instance_vtbl), 0, get_interface, start, quiesce, drain, stop, destroy};

static spawn_status create(const spawn_host* h, const spawn_create_info* info, spawn_instance** out,
                           spawn_buf* error) {
  static const char missing[] = "config: folder is missing";
  const spawn_slice folder = spawn_config_text(info->config_json, "folder");
  instance* i = calloc(1, sizeof(instance));
  if (i == NULL || folder.len == 0) {
    const spawn_buf why = {missing, sizeof(missing) - 1, NULL, NULL};
    *error = why;
    free(i);
    return SPAWN_E_INVALID;
  }
  i->base.vt = &vtbl;
  i->base.host = h;
  i->name = plugin_text(info->name.ptr, info->name.len);
  i->from.host = h;
  i->from.folder = plugin_text(folder.ptr, folder.len);
  i->from.poll_ms = spawn_config_number(info->config_json, "poll_ms", 20);
  i->from.serving = -1;
  pthread_mutex_init(&i->from.mutex, NULL);
  pthread_mutex_init(&i->from.offering, NULL);
  pthread_cond_init(&i->from.told, NULL);
  if (i->name == NULL || i->from.folder == NULL) {
    destroy(&i->base);
    return SPAWN_E_EXHAUSTED;
  }
  *out = &i->base;
  return SPAWN_OK;
}

PLUGIN_ENTRY(create);
