/* The kinds that face the world outside, and extensions, continued from layout_kinds.c. */
#include "layout_dump.h"
#include "spawn/plugin/activator.h"
#include "spawn/plugin/handoff.h"
#include "spawn/plugin/sink.h"

void dump_activator(void) {
  printf("# activator.h\n");
  ID(SPAWN_ACTIVATOR);
  ID(SPAWN_HOST_ACTIVATOR);
  NUMBER(SPAWN_AC_CAP_RETRY_DELAY);
  NUMBER(SPAWN_AC_CAP_DEAD_LETTER);
  NUMBER(SPAWN_AC_CAP_EXTEND);
  NUMBER(SPAWN_AC_CAP_REPLY);
  NUMBER(SPAWN_AC_CAP_ATTEMPTS);
  NUMBER(SPAWN_D_WANT_REPLY);
  NUMBER(SPAWN_D_REDELIVERED);
  STRUCT(spawn_delivery);
  FIELD(spawn_delivery, struct_size);
  FIELD(spawn_delivery, flags);
  FIELD(spawn_delivery, token);
  FIELD(spawn_delivery, source);
  FIELD(spawn_delivery, partition);
  FIELD(spawn_delivery, to);
  FIELD(spawn_delivery, register_ref);
  FIELD(spawn_delivery, action);
  FIELD(spawn_delivery, content_type);
  FIELD(spawn_delivery, payload);
  FIELD(spawn_delivery, order_key);
  FIELD(spawn_delivery, dedup_id);
  FIELD(spawn_delivery, headers);
  FIELD(spawn_delivery, n_headers);
  FIELD(spawn_delivery, attempt);
  FIELD(spawn_delivery, settle_by_ns);
  FIELD(spawn_delivery, deadline_ns);
  FIELD(spawn_delivery, owner);
  END(spawn_delivery);
  NUMBER(SPAWN_ACK);
  NUMBER(SPAWN_RETRY);
  NUMBER(SPAWN_DEAD);
  NUMBER(SPAWN_EXTEND);
  NUMBER(SPAWN_RELEASE);
  NUMBER(SPAWN_VERDICTS);
  STRUCT(spawn_settle);
  FIELD(spawn_settle, struct_size);
  FIELD(spawn_settle, verdict);
  FIELD(spawn_settle, token);
  FIELD(spawn_settle, delay_ms);
  FIELD(spawn_settle, status);
  FIELD(spawn_settle, reply);
  FIELD(spawn_settle, error);
  FIELD(spawn_settle, reply_headers);
  FIELD(spawn_settle, n_reply_headers);
  FIELD(spawn_settle, reserved);
  END(spawn_settle);
  NUMBER(SPAWN_AC_CURSOR_MAX);
  NUMBER(SPAWN_AC_CURSORS_MAX);
  STRUCT(spawn_host_activator);
  FIELD(spawn_host_activator, struct_size);
  FIELD(spawn_host_activator, reserved);
  FIELD(spawn_host_activator, offer);
  FIELD(spawn_host_activator, lag);
  FIELD(spawn_host_activator, cursor_set);
  FIELD(spawn_host_activator, cursor_get);
  END(spawn_host_activator);
  STRUCT(spawn_activator);
  FIELD(spawn_activator, struct_size);
  FIELD(spawn_activator, reserved);
  FIELD(spawn_activator, capabilities);
  FIELD(spawn_activator, lane_open);
  FIELD(spawn_activator, set_window);
  FIELD(spawn_activator, settle);
  FIELD(spawn_activator, lane_close);
  END(spawn_activator);
}

void dump_sink(void) {
  printf("# sink.h\n");
  ID(SPAWN_SINK);
  NUMBER(SPAWN_SINK_CAP_DEDUP);
  NUMBER(SPAWN_SINK_CAP_HEADERS);
  STRUCT(spawn_sink_message);
  FIELD(spawn_sink_message, op);
  FIELD(spawn_sink_message, destination);
  FIELD(spawn_sink_message, key);
  FIELD(spawn_sink_message, dedup_id);
  FIELD(spawn_sink_message, content_type);
  FIELD(spawn_sink_message, type_url);
  FIELD(spawn_sink_message, payload);
  FIELD(spawn_sink_message, headers);
  FIELD(spawn_sink_message, n_headers);
  FIELD(spawn_sink_message, attempt);
  END(spawn_sink_message);
  STRUCT(spawn_sink);
  FIELD(spawn_sink, struct_size);
  FIELD(spawn_sink, reserved);
  FIELD(spawn_sink, capabilities);
  FIELD(spawn_sink, lane_open);
  FIELD(spawn_sink, submit);
  FIELD(spawn_sink, lane_close);
  END(spawn_sink);
}

void dump_handoff(void) {
  printf("# handoff.h\n");
  ID(SPAWN_HANDOFF);
  NUMBER(SPAWN_HANDOFF_CHUNK_MAX);
  STRUCT(spawn_handoff_op);
  FIELD(spawn_handoff_op, op);
  FIELD(spawn_handoff_op, last);
  FIELD(spawn_handoff_op, reserved);
  FIELD(spawn_handoff_op, in_chunk);
  FIELD(spawn_handoff_op, out_chunk);
  END(spawn_handoff_op);
  STRUCT(spawn_handoff);
  FIELD(spawn_handoff, struct_size);
  FIELD(spawn_handoff, schema_written);
  FIELD(spawn_handoff, accepts);
  FIELD(spawn_handoff, export_next);
  FIELD(spawn_handoff, import_next);
  END(spawn_handoff);
}
