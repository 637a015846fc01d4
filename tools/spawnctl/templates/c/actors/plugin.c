/* The actors as a plugin: one that counts, and one that all of those tell what they added. */
#include "plugin.h"
#include "spawn/plugin/live_actors.h"
#include "spawn/plugin/wire.h"

#define INT64_URL "type.googleapis.com/google.protobuf.Int64Value"

enum { TYPE_COUNTER, TYPE_TOTAL, N_TYPES };
enum { ACTION_ADD, ACTION_SHOW };

typedef struct instance {
  spawn_instance base; /* first: the kernel's pointer is ours */
  uint64_t amount_max;
} instance;

typedef struct lane {
  const spawn_live_host* host;
  const instance* of;
} lane;

typedef struct actor {
  uint32_t type;
  int64_t value;
  spawn_live_ref* total; /* of a counter: found once, held as long as the object is there */
} actor;

static spawn_slice literal(const char* s) {
  const spawn_slice out = {s, strlen(s)};
  return out;
}

static int is(spawn_slice s, const char* wanted) {
  return s.len == strlen(wanted) && memcmp(s.ptr, wanted, (size_t)s.len) == 0;
}

/* --- what is registered (protocol: RegistrationRequest) ------------------------------------------
 */
static void put_message(spawn_wire_writer* to, uint32_t field, spawn_wire_writer inner,
                        const char* room) {
  const spawn_slice bytes = {room, inner.needed};
  spawn_wire_put_bytes(to, field, bytes);
}

/* One entry of the registry: the name, and the actor. */
static void put_type(spawn_wire_writer* registry, const char* name, int is_named) {
  static const char* const actions[] = {"Add", "Show"};
  char entry_room[512], actor_room[256], room[128];
  spawn_wire_writer entry = spawn_wire_write(entry_room, sizeof(entry_room));
  spawn_wire_writer made = spawn_wire_write(actor_room, sizeof(actor_room));
  spawn_wire_writer part = spawn_wire_write(room, sizeof(room));
  uint32_t i;
  spawn_wire_put_bytes(&part, 1, literal(name)); /* id */
  put_message(&made, 1, part, room);
  part = spawn_wire_write(room, sizeof(room)); /* settings: named or unnamed, stateless */
  spawn_wire_put_uint(&part, 1, is_named ? 1 : 2);
  put_message(&made, 3, part, room);
  for (i = 0; i < 2; ++i) {
    part = spawn_wire_write(room, sizeof(room));
    spawn_wire_put_bytes(&part, 1, literal(actions[i]));
    put_message(&made, 4, part, room);
  }
  spawn_wire_put_bytes(&entry, 1, literal(name));
  put_message(&entry, 2, made, actor_room);
  put_message(registry, 1, entry, entry_room);
}

static spawn_status describe(spawn_instance* self, spawn_buf* out) {
  static char request_room[2048]; /* the same bytes each time */
  char system_room[2048], registry_room[1536];
  spawn_wire_writer request = spawn_wire_write(request_room, sizeof(request_room));
  spawn_wire_writer in_system = spawn_wire_write(system_room, sizeof(system_room));
  spawn_wire_writer registry = spawn_wire_write(registry_room, sizeof(registry_room));
  spawn_buf said = {request_room, 0, NULL, NULL};
  (void)self;
  put_type(&registry, "@name@", 0);
  put_type(&registry, "@name@-total", 1);
  spawn_wire_put_bytes(&in_system, 1, literal("")); /* the kernel's own system */
  put_message(&in_system, 2, registry, registry_room);
  put_message(&request, 2, in_system, system_room);
  said.len = request.needed;
  *out = said;
  return SPAWN_OK;
}

/* --- messages ------------------------------------------------------------------------------------
 */
/* 1: there is an amount in it: a number of another actor here, or an Int64Value from outside. */
static int read_amount(const spawn_payload* p, int64_t* out) {
  spawn_wire_reader r = spawn_wire_read(p->value);
  spawn_wire_field f;
  *out = 0;
  if (p->type_url.len == 0) {
    if (p->value.len == sizeof(*out)) {
      memcpy(out, p->value.ptr, sizeof(*out));
    }
    return p->value.len == sizeof(*out);
  }
  while (spawn_wire_next(&r, &f)) {
    if (f.number == 1 && f.type == SPAWN_WIRE_VARINT) {
      *out = (int64_t)f.value;
    }
  }
  return is(p->type_url, INT64_URL) && !r.failed;
}

/* Answers as it was asked: from outside with an Int64Value. */
static void answer(const lane* on, const spawn_live_message* m, int64_t value) {
  char room[16];
  spawn_wire_writer w = spawn_wire_write(room, sizeof(room));
  spawn_payload said;
  memset(&said, 0, sizeof(said));
  said.presence = SPAWN_P_VALUE;
  if (m->from != NULL) {
    said.value.ptr = &value;
    said.value.len = sizeof(value);
  } else {
    spawn_wire_put_int(&w, 1, value);
    said.type_url = literal(INT64_URL);
    said.value.ptr = room;
    said.value.len = w.needed;
  }
  if (m->kind == SPAWN_LIVE_ASK) {
    on->host->reply(on->host->data, m->token, SPAWN_OK, &said);
  }
}

static void refuse(const lane* on, const spawn_live_message* m, spawn_status why,
                   const char* text) {
  spawn_payload said;
  memset(&said, 0, sizeof(said));
  said.presence = SPAWN_P_VALUE;
  said.value = literal(text);
  if (m->kind == SPAWN_LIVE_ASK) {
    on->host->reply(on->host->data, m->token, why, &said);
  }
}

/* 1: the amount was added, and the total was told. */
static int add(const lane* on, actor* a, const spawn_live_message* m) {
  int64_t amount;
  spawn_payload told;
  const int is_amount = read_amount(&m->payload, &amount);
  if (!is_amount ||
      (a->type == TYPE_COUNTER && (amount < 0 || (uint64_t)amount > on->of->amount_max))) {
    refuse(on, m, SPAWN_E_INVALID, "@name@: the amount is no number from 0 to amount_max");
    return 0;
  }
  if (a->type == TYPE_COUNTER) {
    memset(&told, 0, sizeof(told));
    told.presence = SPAWN_P_VALUE;
    told.value.ptr = &amount;
    told.value.len = sizeof(amount);
    if (on->host->tell(on->host->data, a->total, ACTION_ADD, &told) != SPAWN_OK) {
      refuse(on, m, SPAWN_E_EXHAUSTED, "@name@: the total has no room, try again");
      return 0;
    }
  }
  a->value = (int64_t)((uint64_t)a->value + (uint64_t)amount); /* without overflow */
  return 1;
}

static void receive(spawn_live_lane* raw, spawn_live_object* object, const spawn_live_message* m) {
  const lane* on = (const lane*)raw;
  actor* a = (actor*)object;
  if (m->kind != SPAWN_LIVE_TELL && m->kind != SPAWN_LIVE_ASK) {
    return; /* they ask nobody */
  }
  if (m->action == ACTION_ADD && !add(on, a, m)) {
    return;
  }
  answer(on, m, a->value);
}

/* --- objects and lanes ---------------------------------------------------------------------------
 */
static spawn_status make(spawn_live_lane* raw, uint32_t type, spawn_live_ref* self,
                         spawn_live_object** out) {
  const lane* on = (const lane*)raw;
  actor* a = type < N_TYPES ? calloc(1, sizeof(actor)) : NULL;
  spawn_actor_ref total;
  (void)self;
  if (a == NULL) {
    return type < N_TYPES ? SPAWN_E_EXHAUSTED : SPAWN_E_NOT_FOUND;
  }
  a->type = type;
  if (type == TYPE_COUNTER) {
    memset(&total, 0, sizeof(total));
    total.name = literal("@name@-total");
    a->total = on->host->ref(on->host->data, &total);
    if (a->total == NULL) {
      free(a);
      return SPAWN_E_EXHAUSTED;
    }
  }
  *out = (spawn_live_object*)a;
  return SPAWN_OK;
}

static void unmake(spawn_live_lane* raw, spawn_live_object* object) {
  const lane* on = (const lane*)raw;
  actor* a = (actor*)object;
  if (a->total != NULL) {
    on->host->release(on->host->data, a->total);
  }
  free(a);
}

static uint32_t is_live(spawn_instance* self, uint32_t type) {
  (void)self;
  return type < N_TYPES;
}

static spawn_status open_lane(spawn_instance* self, uint32_t number, const spawn_live_host* host,
                              spawn_live_lane** out) {
  lane* made = calloc(1, sizeof(lane));
  (void)number;
  if (made == NULL) {
    return SPAWN_E_EXHAUSTED;
  }
  made->host = host;
  made->of = (const instance*)self;
  *out = (spawn_live_lane*)made;
  return SPAWN_OK;
}

static void close_lane(spawn_live_lane* raw) {
  free(raw);
}

static const spawn_live_actors live_table = {
    sizeof(spawn_live_actors), 0, is_live, open_lane, make, receive, unmake, close_lane};

/* Every type is live: no submit, and no lanes of this table. */
static spawn_status no_lane(spawn_instance* self, uint32_t number, spawn_actors_lane** out) {
  (void)self;
  (void)number;
  *out = NULL;
  return SPAWN_E_UNSUPPORTED;
}

static void no_lane_close(spawn_actors_lane* raw) {
  (void)raw;
}

static const spawn_actors table = {sizeof(spawn_actors), 0, describe, no_lane, NULL, no_lane_close};

static const void* get_interface(spawn_instance* self, const char* id) {
  (void)self;
  if (strcmp(id, SPAWN_ACTORS) == 0) {
    return &table;
  }
  return strcmp(id, SPAWN_LIVE_ACTORS) == 0 ? &live_table : NULL;
}

static void destroy(spawn_instance* self) {
  free(self);
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
  if (i == NULL) {
    return SPAWN_E_EXHAUSTED;
  }
  i->base.vt = &vtbl;
  i->base.host = h;
  i->amount_max = spawn_config_number(info->config_json, "amount_max", 1000000000);
  *out = &i->base;
  return SPAWN_OK;
}

PLUGIN_ENTRY(create);
