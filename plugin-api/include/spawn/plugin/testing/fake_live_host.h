/* fake_live_host.h - what unit tests of live actors in C need beside fake_host.h: a lane without a
 * kernel. It makes the objects that a test names, hands them messages, and keeps what they sent and
 * answered last. Breaches of the rules are violations of the fake host. Life: between the
 * instance's start and its stop; it stays where it is. Thread: the test's. C11 (C++ has
 * fake_live_host.hpp). */
#ifndef SPAWN_PLUGIN_TESTING_FAKE_LIVE_HOST_H
#define SPAWN_PLUGIN_TESTING_FAKE_LIVE_HOST_H
#include "../live_actors.h"
#include "fake_host.h"

enum { SPAWN_FAKE_ACTORS_MAX = 32, SPAWN_FAKE_NAME_MAX = 128, SPAWN_FAKE_BYTES_MAX = 1024 };

/* An actor: its address, and its object while there is one. `parent` is the type; empty for a named
 * actor, whose type is its name. */
typedef struct spawn_fake_actor {
  char parent[SPAWN_FAKE_NAME_MAX], name[SPAWN_FAKE_NAME_MAX];
  int held;
  spawn_live_object* object;
} spawn_fake_actor;

typedef struct spawn_fake_payload {
  uint32_t presence;
  char type_url[SPAWN_FAKE_NAME_MAX];
  uint64_t len;
  unsigned char value[SPAWN_FAKE_BYTES_MAX];
} spawn_fake_payload;

typedef struct spawn_fake_live {
  spawn_fake_host* host;
  const spawn_live_actors* table;
  spawn_live_host lane_host;
  spawn_live_lane* lane;
  spawn_fake_actor actors[SPAWN_FAKE_ACTORS_MAX];
  uint32_t n_actors;
  spawn_fake_actor *running, *sender; /* of the call that is under way */
  int ending;
  uint64_t question, last_question; /* the one that waits for its answer; 0: none */
  spawn_status answer_to_sends;     /* what tell, ask, send and call get; the test may set it */
  /* What came last. */
  uint32_t n_sent, n_replies, n_left;
  spawn_fake_actor* sent_to;
  uint32_t sent_action;                       /* tell, ask */
  char sent_action_name[SPAWN_FAKE_NAME_MAX]; /* send, call */
  uint64_t sent_token;                        /* ask, call; 0 for the others */
  spawn_fake_payload sent;
  spawn_status reply_status;
  spawn_fake_payload reply;
} spawn_fake_live;

static inline void spawn_fake_live_violation(spawn_fake_live* f, const char* what) {
  const spawn_slice none = {NULL, 0};
  spawn_fake_violation(f->host, what, none);
}

static inline void spawn_fake_copy_text(char* to, spawn_slice from) {
  const size_t n =
      from.len < SPAWN_FAKE_NAME_MAX - 1 ? (size_t)from.len : (size_t)(SPAWN_FAKE_NAME_MAX - 1);
  memcpy(to, n != 0 ? from.ptr : "", n);
  to[n] = '\0';
}

static inline void spawn_fake_copy_payload(spawn_fake_live* f, spawn_fake_payload* to,
                                           const spawn_payload* from) {
  memset(to, 0, sizeof(*to));
  if (from == NULL || from->presence > SPAWN_P_NOOP || from->value.len > sizeof(to->value)) {
    spawn_fake_live_violation(f, "a payload is NULL, of an unknown presence, or too long to keep");
    return;
  }
  to->presence = from->presence;
  spawn_fake_copy_text(to->type_url, from->type_url);
  to->len = from->value.len;
  memcpy(to->value, from->value.len != 0 ? from->value.ptr : "", (size_t)from->value.len);
}

/* The actor of this address, made when there is none yet. */
static inline spawn_fake_actor* spawn_fake_find(spawn_fake_live* f, const char* parent,
                                                const char* name) {
  uint32_t i;
  spawn_fake_actor* made;
  for (i = 0; i < f->n_actors; ++i) {
    if (strcmp(f->actors[i].parent, parent) == 0 && strcmp(f->actors[i].name, name) == 0) {
      return &f->actors[i];
    }
  }
  if (f->n_actors == SPAWN_FAKE_ACTORS_MAX) {
    spawn_fake_live_violation(f, "more addresses than a fake lane has room for");
    return NULL;
  }
  made = &f->actors[f->n_actors++];
  snprintf(made->parent, sizeof(made->parent), "%s", parent);
  snprintf(made->name, sizeof(made->name), "%s", name);
  return made;
}

static inline int spawn_fake_may_call(spawn_fake_live* f) {
  if (f->running == NULL) {
    spawn_fake_live_violation(f, "the lane is called outside receive() and create()");
  }
  return f->running != NULL;
}

/* The actor behind an address of the plugin's, NULL when it holds no such. */
static inline spawn_fake_actor* spawn_fake_known(spawn_fake_live* f, const spawn_live_ref* ref) {
  uint32_t i;
  for (i = 0; i < f->n_actors; ++i) {
    if ((const void*)&f->actors[i] == (const void*)ref &&
        (f->actors[i].held > 0 || f->actors[i].object != NULL || &f->actors[i] == f->sender ||
         &f->actors[i] == f->running)) {
      return &f->actors[i];
    }
  }
  spawn_fake_live_violation(f, "an address is used that is not held");
  return NULL;
}

static inline spawn_live_ref* spawn_fake_ref(void* data, const spawn_actor_ref* to) {
  spawn_fake_live* f = (spawn_fake_live*)data;
  char parent[SPAWN_FAKE_NAME_MAX], name[SPAWN_FAKE_NAME_MAX];
  spawn_fake_actor* at;
  if (!spawn_fake_may_call(f) || to->name.len == 0 || to->name.len >= sizeof(name) ||
      to->parent.len >= sizeof(parent)) {
    return NULL;
  }
  spawn_fake_copy_text(parent, to->parent);
  spawn_fake_copy_text(name, to->name);
  at = spawn_fake_find(f, parent, name);
  if (at != NULL) {
    ++at->held;
  }
  return (spawn_live_ref*)at;
}

static inline spawn_live_ref* spawn_fake_self(void* data) {
  spawn_fake_live* f = (spawn_fake_live*)data;
  return spawn_fake_may_call(f) ? (spawn_live_ref*)f->running : NULL;
}

static inline void spawn_fake_retain(void* data, spawn_live_ref* ref) {
  spawn_fake_actor* at = spawn_fake_known((spawn_fake_live*)data, ref);
  if (at != NULL) {
    ++at->held;
  }
}

static inline void spawn_fake_release(void* data, spawn_live_ref* ref) {
  spawn_fake_live* f = (spawn_fake_live*)data;
  spawn_fake_actor* at = spawn_fake_known(f, ref);
  if (at != NULL && (f->ending || spawn_fake_may_call(f)) && --at->held < 0) {
    spawn_fake_live_violation(f, "an address is released more often than it is held");
  }
}

static inline void spawn_fake_name(void* data, const spawn_live_ref* ref, spawn_actor_ref* out) {
  const spawn_fake_actor* at = spawn_fake_known((spawn_fake_live*)data, ref);
  memset(out, 0, sizeof(*out));
  if (at != NULL) {
    out->parent.ptr = at->parent;
    out->parent.len = strlen(at->parent);
    out->name.ptr = at->name;
    out->name.len = strlen(at->name);
  }
}

static inline spawn_status spawn_fake_live_take(spawn_fake_live* f, spawn_live_ref* to,
                                                uint32_t action, spawn_slice action_name,
                                                const spawn_payload* payload, uint64_t token) {
  spawn_fake_actor* at = spawn_fake_may_call(f) ? spawn_fake_known(f, to) : NULL;
  if (at == NULL) {
    return SPAWN_E_INVALID;
  }
  if (f->answer_to_sends == SPAWN_OK) {
    ++f->n_sent;
    f->sent_to = at;
    f->sent_action = action;
    f->sent_token = token;
    spawn_fake_copy_text(f->sent_action_name, action_name);
    spawn_fake_copy_payload(f, &f->sent, payload);
  }
  return f->answer_to_sends;
}

static inline spawn_status spawn_fake_tell(void* data, spawn_live_ref* to, uint32_t action,
                                           const spawn_payload* payload) {
  const spawn_slice none = {NULL, 0};
  return spawn_fake_live_take((spawn_fake_live*)data, to, action, none, payload, 0);
}

static inline spawn_status spawn_fake_ask(void* data, spawn_live_ref* to, uint32_t action,
                                          const spawn_payload* payload, uint64_t token,
                                          uint32_t timeout_ms) {
  const spawn_slice none = {NULL, 0};
  (void)timeout_ms;
  return spawn_fake_live_take((spawn_fake_live*)data, to, action, none, payload, token);
}

static inline spawn_status spawn_fake_send(void* data, spawn_live_ref* to, spawn_slice action,
                                           const spawn_payload* payload) {
  return spawn_fake_live_take((spawn_fake_live*)data, to, 0, action, payload, 0);
}

static inline spawn_status spawn_fake_call(void* data, spawn_live_ref* to, spawn_slice action,
                                           const spawn_payload* payload, uint64_t token,
                                           uint32_t timeout_ms) {
  (void)timeout_ms;
  return spawn_fake_live_take((spawn_fake_live*)data, to, 0, action, payload, token);
}

static inline spawn_status spawn_fake_reply(void* data, uint64_t token, spawn_status status,
                                            const spawn_payload* payload) {
  spawn_fake_live* f = (spawn_fake_live*)data;
  if (!spawn_fake_may_call(f)) {
    return SPAWN_E_NOT_FOUND;
  }
  if (token == 0 || token > f->last_question) {
    spawn_fake_live_violation(f, "reply to a question that nobody asked");
  }
  if (token != f->question || token == 0) {
    return SPAWN_E_NOT_FOUND;
  }
  f->question = 0;
  ++f->n_replies;
  f->reply_status = status;
  spawn_fake_copy_payload(f, &f->reply, payload);
  return SPAWN_OK;
}

static inline void spawn_fake_leave(void* data) {
  spawn_fake_live* f = (spawn_fake_live*)data;
  if (spawn_fake_may_call(f)) {
    ++f->n_left;
  }
}

/* Opens lane 0 of a started instance. */
static inline spawn_status spawn_fake_live_open(spawn_fake_live* f, spawn_fake_host* host,
                                                spawn_instance* instance) {
  const spawn_live_host lane_host = {sizeof(spawn_live_host),
                                     0,
                                     f,
                                     spawn_fake_ref,
                                     spawn_fake_self,
                                     spawn_fake_retain,
                                     spawn_fake_release,
                                     spawn_fake_name,
                                     spawn_fake_tell,
                                     spawn_fake_ask,
                                     spawn_fake_reply,
                                     spawn_fake_send,
                                     spawn_fake_call,
                                     spawn_fake_leave};
  memset(f, 0, sizeof(*f));
  f->host = host;
  f->lane_host = lane_host;
  f->table = (const spawn_live_actors*)instance->vt->get_interface(instance, SPAWN_LIVE_ACTORS);
  if (f->table == NULL) {
    return SPAWN_E_UNSUPPORTED;
  }
  return f->table->lane_open(instance, 0, &f->lane_host, &f->lane);
}

/* Makes an object; NULL: it was refused. `type`: index in the registration. */
static inline spawn_fake_actor* spawn_fake_live_make(spawn_fake_live* f, uint32_t type,
                                                     const char* parent, const char* name) {
  spawn_fake_actor* at = spawn_fake_find(f, parent, name);
  if (at == NULL || at->object != NULL) {
    return at;
  }
  f->running = at;
  if (f->table->create(f->lane, type, (spawn_live_ref*)at, &at->object) != SPAWN_OK) {
    at->object = NULL;
  }
  f->running = NULL;
  return at->object != NULL ? at : NULL;
}

static inline void spawn_fake_live_receive(spawn_fake_live* f, spawn_fake_actor* to,
                                           spawn_live_message message) {
  f->running = to;
  f->sender = (spawn_fake_actor*)message.from;
  f->table->receive(f->lane, to->object, &message);
  f->running = NULL;
  f->sender = NULL;
}

/* A message that nobody waits for; `from` may be NULL. */
static inline void spawn_fake_live_tell(spawn_fake_live* f, spawn_fake_actor* to, uint32_t action,
                                        spawn_payload payload, spawn_fake_actor* from) {
  spawn_live_message message;
  memset(&message, 0, sizeof(message));
  message.payload = payload;
  message.from = (spawn_live_ref*)from;
  message.action = action;
  message.kind = SPAWN_LIVE_TELL;
  spawn_fake_live_receive(f, to, message);
}

/* A question; 1: it was answered at once, with reply_status and reply. */
static inline int spawn_fake_live_ask(spawn_fake_live* f, spawn_fake_actor* to, uint32_t action,
                                      spawn_payload payload) {
  spawn_live_message message;
  const uint32_t before = f->n_replies;
  memset(&message, 0, sizeof(message));
  message.payload = payload;
  message.token = f->question = ++f->last_question;
  message.action = action;
  message.kind = SPAWN_LIVE_ASK;
  spawn_fake_live_receive(f, to, message);
  return f->n_replies != before;
}

/* What came to an ask or a call of this actor. */
static inline void spawn_fake_live_answer(spawn_fake_live* f, spawn_fake_actor* to, uint64_t token,
                                          spawn_status status, spawn_payload payload) {
  spawn_live_message message;
  memset(&message, 0, sizeof(message));
  message.payload = payload;
  message.token = token;
  message.kind = status == SPAWN_OK ? SPAWN_LIVE_ANSWER : SPAWN_LIVE_FAILED;
  message.status = (uint16_t)status;
  spawn_fake_live_receive(f, to, message);
}

/* Destroys the objects and closes the lane. */
static inline void spawn_fake_live_close(spawn_fake_live* f) {
  uint32_t i;
  f->ending = 1;
  for (i = 0; i < f->n_actors; ++i) {
    if (f->actors[i].object != NULL) {
      f->table->destroy(f->lane, f->actors[i].object);
      f->actors[i].object = NULL;
    }
  }
  f->table->lane_close(f->lane);
  f->lane = NULL;
}
#endif
