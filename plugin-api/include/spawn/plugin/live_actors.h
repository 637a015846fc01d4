/* live_actors.h - actors as objects in memory, for types of a plugin of kind "actors". C11, also
 * C++.
 *
 * A live actor is an object of the plugin that the kernel makes when the first message for it
 * comes and destroys when it has been idle (or has left). Its state is that object: nothing is
 * stored, nothing is encoded, and a message of one live actor to another of the same instance is
 * copied once. What its host would be told of durability does not hold: with the process its state
 * is gone. A type is live when it is registered as stateless and is_live() says so.
 *
 * What holds as for every actor: one object per identity in the whole kernel, one message at a
 * time, messages of one sender to one receiver in their order, a bounded mailbox, a deadline on
 * every question. Messages from outside (HTTP, workflows of other actors, timers, channels,
 * activators) reach it as ASK with a type_url; each waits for its answer before the next of that
 * way comes.
 *
 * Threads. All of it is [lane]. The functions of spawn_live_host are called only inside receive()
 * or create() of the same lane; `self` and the sender are the actor whose call is running. They
 * never call back into the plugin. release() may also be called inside destroy() and lane_close().
 *
 * Payloads. Between live actors of one instance `value` is whatever they agree on, and presence
 * and type_url (which may be empty) come as they were sent. Every other actor takes a protobuf
 * message with its type_url (protocol.md 6.2). More than 64 MiB is TOO_LARGE. */
#ifndef SPAWN_PLUGIN_LIVE_ACTORS_H
#define SPAWN_PLUGIN_LIVE_ACTORS_H
#include "actors.h"
#ifdef __cplusplus
extern "C" {
#endif

#define SPAWN_LIVE_ACTORS "spawn.actors.live/1" /* id of the table spawn_live_actors */

typedef struct spawn_live_lane spawn_live_lane;     /* the plugin's own, one per lane */
typedef struct spawn_live_object spawn_live_object; /* the plugin's own, one per active actor */
/* An actor's address as one lane holds it; the kernel's. It outlives the object it leads to. Not
 * to be given to another lane: send a name. */
typedef struct spawn_live_ref spawn_live_ref;

/* spawn_live_message.kind */
enum {
  SPAWN_LIVE_TELL = 0,   /* nobody waits */
  SPAWN_LIVE_ASK = 1,    /* answer with reply(token), now or later; a token is good once */
  SPAWN_LIVE_ANSWER = 2, /* to an ask of this actor, whose `token` it carries */
  SPAWN_LIVE_FAILED =
      3 /* the same, where no answer comes: status, and the payload's value is text */
};

/* Frozen: never grows. Valid until receive() returns. */
typedef struct spawn_live_message {
  spawn_payload payload;
  uint64_t token;       /* ASK: for reply(). ANSWER, FAILED: what ask() was given */
  spawn_live_ref* from; /* the sender; NULL when it is not a live actor of this instance */
  uint32_t action;      /* TELL, ASK: index in the type's registered actions; timers come after */
  uint16_t kind;        /* SPAWN_LIVE_TELL ... */
  uint16_t status;      /* FAILED: a spawn_status; DEADLINE: it may still take effect */
} spawn_live_message;

/* What a lane offers to the live actors of one instance. */
typedef struct spawn_live_host {
  uint32_t struct_size, reserved;
  void* data; /* first argument of every function */

  /* The address of an actor; NULL when a name is empty or too long. Named types have no parent.
   * Counted: release each ref() and retain() once, in any call, or keep it to the end of the lane.
   * An address that nobody registered is an address: what is sent there fails. */
  spawn_live_ref* (*ref)(void* data, const spawn_actor_ref* to);
  spawn_live_ref* (*self)(void* data); /* not counted */
  void (*retain)(void* data, spawn_live_ref* ref);
  void (*release)(void* data, spawn_live_ref* ref);
  /* The parts of an address, valid as long as it is held. */
  void (*name)(void* data, const spawn_live_ref* ref, spawn_actor_ref* out);

  /* To a live actor of this instance. `action` is an index of its type's actions; the payload is
   * copied. OK: it is in the mailbox, or on its way to another lane. EXHAUSTED: its mailbox, its
   * lane or the kernel's memory has no room: nothing was sent; try again in a later turn.
   * INVALID: it is no such actor, or no such action. */
  spawn_status (*tell)(void* data, spawn_live_ref* to, uint32_t action,
                       const spawn_payload* payload);
  /* The same, and an ANSWER or FAILED with this token follows, at the latest after timeout_ms
   * (0: the kernel's timeouts.request_ms). Nothing follows when the status is not OK. */
  spawn_status (*ask)(void* data, spawn_live_ref* to, uint32_t action, const spawn_payload* payload,
                      uint64_t token, uint32_t timeout_ms);
  /* Answers an ASK. With a status other than OK the payload's value is the error's text. NOT_FOUND:
   * the token was used, or its deadline has passed. */
  spawn_status (*reply)(void* data, uint64_t token, spawn_status status,
                        const spawn_payload* payload);

  /* To any actor, by the name of the action; the way of a workflow's call. A send is answered by
   * nobody and tried once. */
  spawn_status (*send)(void* data, spawn_live_ref* to, spawn_slice action,
                       const spawn_payload* payload);
  spawn_status (*call)(void* data, spawn_live_ref* to, spawn_slice action,
                       const spawn_payload* payload, uint64_t token, uint32_t timeout_ms);

  /* The object is destroyed once its mailbox is empty; a later message makes a new one. */
  void (*leave)(void* data);
} spawn_live_host;

typedef struct spawn_live_actors {
  uint32_t struct_size, reserved;
  /* Whether this type (an index of the registration's actors) is live. [control] */
  uint32_t (*is_live)(spawn_instance* self, uint32_t type);
  /* `host` stays valid until lane_close returns. */
  spawn_status (*lane_open)(spawn_instance* self, uint32_t lane, const spawn_live_host* host,
                            spawn_live_lane** out);
  /* An object for the actor `self` of this type. Any status but OK: the message that wanted it
   * fails with that status. */
  spawn_status (*create)(spawn_live_lane* lane, uint32_t type, spawn_live_ref* self,
                         spawn_live_object** out);
  /* One message to one object. It keeps nothing of the message. */
  void (*receive)(spawn_live_lane* lane, spawn_live_object* object,
                  const spawn_live_message* message);
  void (*destroy)(spawn_live_lane* lane, spawn_live_object* object);
  void (*lane_close)(spawn_live_lane* lane); /* every object has been destroyed */
} spawn_live_actors;

#ifdef __cplusplus
} /* extern "C" */
#endif
#endif
