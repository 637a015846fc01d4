/* sink.h - hands what actors publish to a system outside. C11, also C++.
 *
 * An interface that instances of any kind may offer beside their own: an activator or a transport
 * with a broker behind it. The kernel keeps each message as a row that was saved with the state of
 * the actor that published it, submits it until an op ends with OK, and deletes the row then: at
 * least once, with the same dedup_id each time.
 *
 * Order. Messages with equal `key` are submitted one after the other, the next when the last has
 * ended. Ops of one submit, and ops in flight, have different keys or none. */
#ifndef SPAWN_PLUGIN_SINK_H
#define SPAWN_PLUGIN_SINK_H
#include "entry.h"
#ifdef __cplusplus
extern "C" {
#endif

#define SPAWN_SINK "spawn.sink/1" /* id of the table spawn_sink */

/* What capabilities() announces. */
enum {
  SPAWN_SINK_CAP_DEDUP = 1u << 0,  /* the system itself drops a second message with one dedup_id */
  SPAWN_SINK_CAP_HEADERS = 1u << 1 /* headers arrive as headers */
};

/* Ends with OK once the system outside has confirmed it durably, as far as it can. Else:
 * UNAVAILABLE, EXHAUSTED (not sent; tried again, after retry_after_ms) · UNKNOWN_OUTCOME (may have
 * arrived; tried again) · INVALID, TOO_LARGE, NOT_FOUND, DENIED (no retry helps: dead letter). Set
 * an error text. An op that the plugin still has at deadline_ns ends UNKNOWN_OUTCOME. */
typedef struct spawn_sink_message {
  spawn_op op;             /* code is unused (0) */
  spawn_slice destination; /* exchange, topic, subject, queue; empty: the instance's default */
  spawn_slice key;         /* routing key, partition key, ordering key, message group */
  spawn_slice dedup_id;    /* the same for each try; goes out as message id where there is one */
  spawn_slice content_type;
  spawn_slice type_url; /* when payload is an encoded message; else empty */
  spawn_slice payload;
  const spawn_kv* headers; /* traceparent and the publisher's own */
  uint32_t n_headers;
  uint32_t attempt; /* 1 the first time this process tries it */
} spawn_sink_message;

typedef struct spawn_sink_lane spawn_sink_lane;
typedef struct spawn_sink {
  uint32_t struct_size, reserved;
  uint64_t (*capabilities)(spawn_instance* self); /* [any] */
  spawn_status (*lane_open)(spawn_instance* self, uint32_t lane,
                            spawn_sink_lane** out); /* [lane] */
  /* Each op ends exactly once, at any time, on any thread. Must not block. [lane] */
  void (*submit)(spawn_sink_lane* l, spawn_op* const* ops, uint32_t n);
  void (*lane_close)(spawn_sink_lane* l); /* after every op has ended. [lane] */
} spawn_sink;
#ifdef __cplusplus
}
#endif
#endif
