/* actors.h - actors in a plugin: an actor host without a process. C11, also C++.
 *
 * A plugin of kind "actors" registers actor types as a host does, and runs their actions in the
 * kernel's own process. The kernel keeps everything it keeps for a host's actors: identity,
 * mailbox, state, durability, idempotency, workflows, timers, channels (protocol.md 5 and 6). The
 * bytes are those of the protocol, so whatever runs as a host runs here.
 *
 * Types that are to exchange messages among themselves at the speed of a function call have
 * live_actors.h beside it.
 *
 * Threads. `describe` is [control]. Everything else is [lane]: one lane's calls never overlap,
 * calls of different lanes do. An actor always runs on the same lane. */
#ifndef SPAWN_PLUGIN_ACTORS_H
#define SPAWN_PLUGIN_ACTORS_H
#include "entry.h"
#ifdef __cplusplus
extern "C" {
#endif

#define SPAWN_ACTORS "spawn.actors/1" /* id of the table spawn_actors */

/* A lane as the plugin keeps it; the kernel never looks inside. */
typedef struct spawn_actors_lane spawn_actors_lane;

/* One action of one actor. The op's code is unused (0), its deadline that of the call; an op may
 * end inside submit or later, from any thread, and ends exactly once.
 *
 * Ends with: OK (`answer` is read) · DEADLINE · UNAVAILABLE, EXHAUSTED (nothing was executed: a
 * stored message is tried again) · anything else is an error of the application, which is not tried
 * again; `error` is its text. */
typedef struct spawn_actors_call {
  spawn_op op;
  spawn_slice request; /* encoded ActorInvocation (protocol.md 6.1); valid until the op has ended */
  spawn_buf answer;    /* out: encoded ActorInvocationResponse (protocol.md 6.3) */
} spawn_actors_call;

typedef struct spawn_actors {
  uint32_t struct_size, reserved;
  /* The types, as an encoded RegistrationRequest (protocol.md 5.1). An empty system is the
   * kernel's own. Called once, after create; the answer is the same for the life of the instance.
   * [control] */
  spawn_status (*describe)(spawn_instance* self, spawn_buf* out);
  spawn_status (*lane_open)(spawn_instance* self, uint32_t lane, spawn_actors_lane** out);
  /* n calls of different actors, in no particular order. NULL when every type is live. */
  void (*submit)(spawn_actors_lane* lane, spawn_op* const* calls, uint32_t n);
  void (*lane_close)(spawn_actors_lane* lane); /* no op is in flight */
} spawn_actors;

#ifdef __cplusplus
} /* extern "C" */
#endif
#endif
