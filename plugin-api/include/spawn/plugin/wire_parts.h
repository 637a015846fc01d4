/* wire_parts.h - typed readers for the parts of a workflow, over wire.h. C11, also C++.
 *
 * Each reader fills a struct from the bytes of one message and returns NULL, or returns a static
 * text that says what is malformed (the struct is then not to be used). Every slice borrows from
 * the input. An Any is handed on as it stands: type_url and value untouched. Any thread; no
 * allocation; nothing here crosses the border. The field numbers are those of spawn/protocol.proto;
 * mind that `noop` has another number in every message. */
#ifndef SPAWN_PLUGIN_WIRE_PARTS_H
#define SPAWN_PLUGIN_WIRE_PARTS_H
#include "wire.h"
#ifdef __cplusplus
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wold-style-cast" /* one text for C and C++ */
extern "C" {
#endif

/* Broadcast. action: older SDKs name the action to run instead of the one a subscriber bound. */
typedef struct spawn_wire_broadcast {
  spawn_slice channel, action;
  spawn_payload payload;
} spawn_wire_broadcast;

/* Pipe and Forward have the same fields. */
typedef struct spawn_wire_route {
  spawn_slice actor, action, register_ref;
} spawn_wire_route;

/* SideEffect {request = 1}: the fields of the InvocationRequest that say something about the call.
 * system: the actor's own system, else the request's; may be empty. */
typedef struct spawn_wire_effect {
  spawn_actor_ref to;
  spawn_slice action, register_ref;
  spawn_payload payload;
  spawn_actor_ref caller;
  int64_t scheduled_to;
  uint32_t has_request, has_caller;
  uint32_t async, pooled;
  uint32_t n_metadata; /* entries, repeated keys counted each */
  uint32_t reserved;
  spawn_slice system; /* the request's system.name, as it came */
} spawn_wire_effect;

/* --- shared pieces -------------------------------------------------------------------------- */

/* A string or message field; 0 if it has another wire type. */
static inline int spawn_wire_take(const spawn_wire_field* f, spawn_slice* out) {
  if (f->type != SPAWN_WIRE_BYTES) {
    return 0;
  }
  *out = f->bytes;
  return 1;
}

static inline int spawn_wire_take_bool(const spawn_wire_field* f, uint32_t* out) {
  if (f->type != SPAWN_WIRE_VARINT) {
    return 0;
  }
  *out = f->value != 0;
  return 1;
}

/* google.protobuf.Any {type_url = 1, value = 2}, as the `value` member of a payload oneof. */
static inline int spawn_wire_take_value(const spawn_wire_field* f, spawn_payload* out) {
  spawn_wire_reader r;
  spawn_wire_field in;
  int ok = f->type == SPAWN_WIRE_BYTES;
  if (out->presence != SPAWN_P_VALUE) {
    memset(out, 0, sizeof(*out));
    out->presence = SPAWN_P_VALUE;
  }
  r = spawn_wire_read(f->bytes);
  while (ok && spawn_wire_next(&r, &in)) {
    if (in.number == 1) {
      ok = spawn_wire_take(&in, &out->type_url);
    } else if (in.number == 2) {
      ok = spawn_wire_take(&in, &out->value);
    }
  }
  return ok && !r.failed;
}

/* Noop {}, as the other member. */
static inline int spawn_wire_take_noop(const spawn_wire_field* f, spawn_payload* out) {
  spawn_wire_reader r = spawn_wire_read(f->bytes);
  spawn_wire_field in;
  memset(out, 0, sizeof(*out));
  out->presence = SPAWN_P_NOOP;
  while (spawn_wire_next(&r, &in)) {
  }
  return f->type == SPAWN_WIRE_BYTES && !r.failed;
}

/* ActorId {name = 1, system = 2, parent = 3}. */
static inline int spawn_wire_take_actor_id(const spawn_wire_field* f, spawn_actor_ref* out) {
  spawn_wire_reader r = spawn_wire_read(f->bytes);
  spawn_wire_field in;
  int ok = f->type == SPAWN_WIRE_BYTES;
  while (ok && spawn_wire_next(&r, &in)) {
    switch (in.number) {
      case 1:
        ok = spawn_wire_take(&in, &out->name);
        break;
      case 2:
        ok = spawn_wire_take(&in, &out->system);
        break;
      case 3:
        ok = spawn_wire_take(&in, &out->parent);
        break;
      default:
        break;
    }
  }
  return ok && !r.failed;
}

/* A message of which one string field is wanted: ActorSystem {name = 1}. */
static inline int spawn_wire_take_string_of(const spawn_wire_field* f, uint32_t number,
                                            spawn_slice* out) {
  spawn_wire_reader r = spawn_wire_read(f->bytes);
  spawn_wire_field in;
  int ok = f->type == SPAWN_WIRE_BYTES;
  while (ok && spawn_wire_next(&r, &in)) {
    if (in.number == number) {
      ok = spawn_wire_take(&in, out);
    }
  }
  return ok && !r.failed;
}

/* Actor {id = 1}; its state, settings and actions do not belong to a call and are passed over. */
static inline int spawn_wire_take_actor(const spawn_wire_field* f, spawn_actor_ref* out) {
  spawn_wire_reader r = spawn_wire_read(f->bytes);
  spawn_wire_field in;
  int ok = f->type == SPAWN_WIRE_BYTES;
  while (ok && spawn_wire_next(&r, &in)) {
    if (in.number == 1) {
      ok = spawn_wire_take_actor_id(&in, out);
    }
  }
  return ok && !r.failed;
}

/* A map<string, string> entry {key = 1, value = 2}; either may be absent and is then empty. */
static inline int spawn_wire_take_entry(const spawn_wire_field* f, spawn_kv* out) {
  spawn_wire_reader r = spawn_wire_read(f->bytes);
  spawn_wire_field in;
  int ok = f->type == SPAWN_WIRE_BYTES;
  memset(out, 0, sizeof(*out));
  while (ok && spawn_wire_next(&r, &in)) {
    if (in.number == 1) {
      ok = spawn_wire_take(&in, &out->key);
    } else if (in.number == 2) {
      ok = spawn_wire_take(&in, &out->value);
    }
  }
  return ok && !r.failed;
}

/* --- messages ------------------------------------------------------------------------------- */

static inline const char* spawn_wire_read_broadcast(spawn_slice part, spawn_wire_broadcast* out) {
  spawn_wire_reader r = spawn_wire_read(part);
  spawn_wire_field f;
  memset(out, 0, sizeof(*out));
  while (spawn_wire_next(&r, &f)) {
    const char* wrong = NULL;
    switch (f.number) {
      case 1:
        wrong =
            spawn_wire_take(&f, &out->channel) ? NULL : "Broadcast.channel_group is not a string";
        break;
      case 2:
        wrong = spawn_wire_take(&f, &out->action) ? NULL : "Broadcast.action_name is not a string";
        break;
      case 3:
        wrong = spawn_wire_take_value(&f, &out->payload) ? NULL : "Broadcast.value is not an Any";
        break;
      case 4:
        wrong = spawn_wire_take_noop(&f, &out->payload) ? NULL : "Broadcast.noop is not a Noop";
        break;
      default:
        break;
    }
    if (wrong != NULL) {
      return wrong;
    }
  }
  return r.failed ? "Broadcast is cut off or malformed" : NULL;
}

/* Pipe and Forward {actor = 1, action_name = 2, register_ref = 3}. */
static inline const char* spawn_wire_read_route(spawn_slice part, spawn_wire_route* out) {
  spawn_wire_reader r = spawn_wire_read(part);
  spawn_wire_field f;
  memset(out, 0, sizeof(*out));
  while (spawn_wire_next(&r, &f)) {
    const char* wrong = NULL;
    switch (f.number) {
      case 1:
        wrong = spawn_wire_take(&f, &out->actor) ? NULL : "actor is not a string";
        break;
      case 2:
        wrong = spawn_wire_take(&f, &out->action) ? NULL : "action_name is not a string";
        break;
      case 3:
        wrong = spawn_wire_take(&f, &out->register_ref) ? NULL : "register_ref is not a string";
        break;
      default:
        break;
    }
    if (wrong != NULL) {
      return wrong;
    }
  }
  return r.failed ? "the message is cut off or malformed" : NULL;
}

static inline const char* spawn_wire_read_pipe(spawn_slice part, spawn_wire_route* out) {
  return spawn_wire_read_route(part, out);
}

static inline const char* spawn_wire_read_forward(spawn_slice part, spawn_wire_route* out) {
  return spawn_wire_read_route(part, out);
}

/* One field of an InvocationRequest. */
static inline const char* spawn_wire_read_request_field(const spawn_wire_field* f,
                                                        spawn_wire_effect* out) {
  spawn_kv entry;
  switch (f->number) {
    case 1:
      return spawn_wire_take_string_of(f, 1, &out->system)
                 ? NULL
                 : "SideEffect.request.system is not an ActorSystem";
    case 2:
      return spawn_wire_take_actor(f, &out->to) ? NULL : "SideEffect.request.actor is not an Actor";
    case 3:
      return spawn_wire_take(f, &out->action) ? NULL
                                              : "SideEffect.request.action_name is not a string";
    case 4:
      return spawn_wire_take_value(f, &out->payload) ? NULL
                                                     : "SideEffect.request.value is not an Any";
    case 5:
      return spawn_wire_take_bool(f, &out->async) ? NULL : "SideEffect.request.async is not a bool";
    case 6:
      out->has_caller = 1;
      return spawn_wire_take_actor_id(f, &out->caller)
                 ? NULL
                 : "SideEffect.request.caller is not an ActorId";
    case 7:
      return spawn_wire_take_noop(f, &out->payload) ? NULL
                                                    : "SideEffect.request.noop is not a Noop";
    case 8:
      out->n_metadata += 1;
      return spawn_wire_take_entry(f, &entry) ? NULL
                                              : "SideEffect.request.metadata has a malformed entry";
    case 9:
      out->scheduled_to = (int64_t)f->value;
      return f->type == SPAWN_WIRE_VARINT ? NULL
                                          : "SideEffect.request.scheduled_to is not an integer";
    case 10:
      return spawn_wire_take_bool(f, &out->pooled) ? NULL
                                                   : "SideEffect.request.pooled is not a bool";
    case 11:
      return spawn_wire_take(f, &out->register_ref)
                 ? NULL
                 : "SideEffect.request.register_ref is not a string";
    default:
      return NULL;
  }
}

static inline const char* spawn_wire_read_effect(spawn_slice part, spawn_wire_effect* out) {
  spawn_wire_reader outer = spawn_wire_read(part);
  spawn_wire_field f;
  memset(out, 0, sizeof(*out));
  while (spawn_wire_next(&outer, &f)) {
    spawn_wire_reader inner;
    spawn_wire_field g;
    if (f.number != 1) {
      continue;
    }
    if (f.type != SPAWN_WIRE_BYTES) {
      return "SideEffect.request is not an InvocationRequest";
    }
    out->has_request = 1;
    inner = spawn_wire_read(f.bytes);
    while (spawn_wire_next(&inner, &g)) {
      const char* wrong = spawn_wire_read_request_field(&g, out);
      if (wrong != NULL) {
        return wrong;
      }
    }
    if (inner.failed) {
      return "SideEffect.request is cut off or malformed";
    }
  }
  if (outer.failed) {
    return "SideEffect is cut off or malformed";
  }
  if (out->to.system.len == 0) {
    out->to.system = out->system;
  }
  return NULL;
}

/* Walks the metadata of a SideEffect that spawn_wire_read_effect has accepted, in wire order; of a
 * key that comes twice the last entry counts.
 *     spawn_wire_effect_metadata m = spawn_wire_effect_metadata_of(part);
 *     while (spawn_wire_effect_metadata_next(&m, &entry)) { ... } */
typedef struct spawn_wire_effect_metadata {
  spawn_wire_reader outer, inner;
} spawn_wire_effect_metadata;

static inline spawn_wire_effect_metadata spawn_wire_effect_metadata_of(spawn_slice part) {
  spawn_slice none = {NULL, 0};
  spawn_wire_effect_metadata m;
  m.outer = spawn_wire_read(part);
  m.inner = spawn_wire_read(none);
  return m;
}

static inline int spawn_wire_effect_metadata_next(spawn_wire_effect_metadata* m, spawn_kv* out) {
  spawn_wire_field f;
  for (;;) {
    while (spawn_wire_next(&m->inner, &f)) {
      if (f.number == 8) {
        return spawn_wire_take_entry(&f, out);
      }
    }
    do {
      if (!spawn_wire_next(&m->outer, &f)) {
        return 0;
      }
    } while (f.number != 1);
    m->inner = spawn_wire_read(f.bytes);
  }
}

#ifdef __cplusplus
} /* extern "C" */
#pragma GCC diagnostic pop
#endif
#endif
