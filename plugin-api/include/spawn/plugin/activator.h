/* activator.h - turns outside events into actor invocations. C11, also C++.
 *
 * Delivery. A plugin offers what came in; the kernel finds the actor (the delivery names it, or
 * the instance's routes do), invokes it and settles the delivery: exactly one final verdict for
 * each that offer() took. Before ACK the state that the message caused is durable. A delivery that
 * was never settled, because the process ended, must come again from where it came from.
 *
 * Window. set_window() says how many deliveries may be offered and not yet settled, in absolute
 * numbers; a plugin starts with 0. At 0 it fetches nothing from its source, and what it has fetched
 * ahead it keeps, or gives back. This is the only throttle: the kernel lowers it when actors are
 * slow, so a plugin needs no bound of its own.
 *
 * Retries. The kernel itself tries again a delivery that failed, in its place, while the source
 * lets it be held (see settle_by_ns and EXTEND): so the order of a key survives a failure. RETRY
 * hands it back to the source, DEAD is its end. A source whose sender waits and that keeps nothing
 * (an HTTP request) answers RETRY and RELEASE by asking the sender to come again.
 *
 * Lanes. The manifest says "lanes": "one" (this kernel takes no other): one lane is opened, its
 * number is what spawn.host.loop wants, and the `lane` of an offer is not looked at. */
#ifndef SPAWN_PLUGIN_ACTIVATOR_H
#define SPAWN_PLUGIN_ACTIVATOR_H
#include "entry.h"
#ifdef __cplusplus
extern "C" {
#endif

#define SPAWN_ACTIVATOR "spawn.activator/1" /* id of the table spawn_activator */

/* What capabilities() announces. */
enum {
  SPAWN_AC_CAP_RETRY_DELAY = 1u << 0, /* RETRY with delay_ms: not before that */
  SPAWN_AC_CAP_DEAD_LETTER = 1u << 1, /* DEAD hands the message to the source's own dead letters */
  SPAWN_AC_CAP_EXTEND = 1u << 2,      /* settle_by_ns is used, and EXTEND moves it */
  SPAWN_AC_CAP_REPLY = 1u << 3,       /* offers deliveries with WANT_REPLY */
  SPAWN_AC_CAP_ATTEMPTS = 1u << 4     /* `attempt` is counted by the source, over restarts */
};

/* spawn_delivery.flags */
enum {
  SPAWN_D_WANT_REPLY = 1, /* somebody waits: the actor's answer, or its error, comes with ACK */
  SPAWN_D_REDELIVERED = 2 /* the source says, or can not rule out, that it came before */
};

/* One message. The struct itself is read during offer(); everything it points to stays until the
 * kernel releases `owner`, on any thread, at the latest right after the final settle. */
typedef struct spawn_delivery {
  uint32_t struct_size, flags;
  uint64_t token;        /* plugin's name for it, not 0, given once in an instance's life */
  spawn_slice source;    /* queue, topic, subject or route; for routes, metrics, dead letters */
  spawn_slice partition; /* of the source, for people; may be empty */
  spawn_actor_ref to;    /* empty name: the instance's routes decide. Empty system: the kernel's */
  spawn_slice register_ref; /* definition from which `to` is made if nobody has it */
  spawn_slice action;       /* empty: the instance's routes decide */
  spawn_slice content_type; /* of payload.value, when it has no type_url: "application/json", ... */
  spawn_payload payload;    /* with type_url: an encoded message of that type. Without: bytes */
  spawn_slice order_key;    /* equal keys are invoked one after another, in the order offered */
  spawn_slice dedup_id;     /* names the message for ever at its source: a second one with it does
                             * not run again. Empty: no such name, it may run twice */
  const spawn_kv* headers;  /* of the message, and the plugin's own facts ("kafka-offset") */
  uint32_t n_headers;
  uint32_t attempt;      /* 1 the first time, 0 unknown */
  uint64_t settle_by_ns; /* host clock: until then it must be settled or extended; 0 = never */
  uint64_t deadline_ns;  /* WANT_REPLY, host clock: how long somebody waits; 0 = kernel's default */
  spawn_buf owner;
} spawn_delivery;

/* spawn_settle.verdict. EXTEND is not final, all others are. */
enum {
  SPAWN_ACK = 1,     /* done: never deliver it again. A status that is not OK: a WANT_REPLY that
                      * failed, or a message that is in the kernel's dead letters now */
  SPAWN_RETRY = 2,   /* not done, and it counts as an attempt: deliver it again after delay_ms */
  SPAWN_DEAD = 3,    /* it will never be done: to the dead letters of the source, or drop it */
  SPAWN_EXTEND = 4,  /* still at work: move settle_by_ns to now + delay_ms */
  SPAWN_RELEASE = 5, /* not done and not tried (draining): deliver it again, to anybody */
  SPAWN_VERDICTS = 5
};

/* All borrowed for the call. */
typedef struct spawn_settle {
  uint32_t struct_size, verdict;
  uint64_t token;
  uint32_t delay_ms;
  spawn_status status; /* OK, or why it is not */
  spawn_payload reply; /* ACK of a WANT_REPLY with OK */
  spawn_slice error;   /* text for people, with any status but OK */
  const spawn_kv*
      reply_headers; /* ACK of a WANT_REPLY: what a caller should see beside the reply */
  uint32_t n_reply_headers, reserved;
} spawn_settle;

#define SPAWN_HOST_ACTIVATOR "spawn.host.activator/1"
enum { SPAWN_AC_CURSOR_MAX = 4096, SPAWN_AC_CURSORS_MAX = 1024 };
typedef struct spawn_host_activator {
  uint32_t struct_size, reserved;
  /* Takes the first k of n and returns k; the rest stay the plugin's. k < n only beyond the window,
   * which may have been lowered meanwhile and counts tokens of lost sessions until they are
   * settled, or once lane_close has begun. Settles may arrive, and `owner` be released, before it
   * returns, so hold no lock that those take. [any] */
  uint32_t (*offer)(const spawn_host* h, uint32_t lane, const spawn_delivery* const* d, uint32_t n);
  /* What still waits at the source, for metrics: messages, and the age of the oldest.
   * UINT64_MAX = unknown. Tell it again when it changes, at most every second. [any] */
  void (*lag)(const spawn_host* h, spawn_slice source, uint64_t messages, uint64_t oldest_ms);
  /* A durable cell of at most SPAWN_AC_CURSOR_MAX bytes per source for the plugin's own place: the
   * last fire of a schedule, a position. Written soon, the newest value wins; what has to be
   * settled first is for the plugin to wait for. INVALID: too long, or more than
   * SPAWN_AC_CURSORS_MAX sources. [any] */
  spawn_status (*cursor_set)(const spawn_host* h, spawn_slice source, spawn_slice bytes);
  /* NOT_FOUND when there is none. The plugin releases `out`. [any], from start() on */
  spawn_status (*cursor_get)(const spawn_host* h, spawn_slice source, spawn_buf* out);
} spawn_host_activator;

typedef struct spawn_ac_lane spawn_ac_lane;
typedef struct spawn_activator {
  uint32_t struct_size, reserved;
  uint64_t (*capabilities)(spawn_instance* self);                                      /* [any] */
  spawn_status (*lane_open)(spawn_instance* self, uint32_t lane, spawn_ac_lane** out); /* [lane] */
  /* Offered and unsettled <= window. With pause != 0 (and window 0) an operator has stopped it: the
   * session with the source may be given up, but settles still come and still count. [lane] */
  void (*set_window)(spawn_ac_lane* l, uint32_t window, uint32_t pause);
  /* Verdicts in the order given. A token the plugin does not know any more (its session was lost,
   * so the message comes again) is ignored. Must not block. [lane] */
  void (*settle)(spawn_ac_lane* l, const spawn_settle* const* s, uint32_t n);
  /* Nothing is offered any more when this returns; unsettled ones go back to the source. [lane] */
  void (*lane_close)(spawn_ac_lane* l);
} spawn_activator;
#ifdef __cplusplus
}
#endif
#endif
