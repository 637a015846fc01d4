/* layout_dump.c - the layout of the stable ABI as text; layout-1.txt is what it must be.
 *
 * Drafts are left out: everything under draft/, the query extension of statestore.h and the kv
 * extension of transport.h; so is wire.h, of which nothing crosses the border. */
#include "layout_dump.h"

#include "spawn/plugin/entry.h"

int layout_holes = 0;
size_t layout_next = 0;

void layout_field(const char* of, const char* name, size_t at, size_t size) {
  if (at != layout_next) {
    fprintf(stderr, "%s: %zu bytes at offset %zu, before %s, belong to no listed field\n", of,
            at - layout_next, layout_next, name);
    layout_holes += 1;
  }
  layout_next = at + size;
  printf("  %s.%s offset %zu size %zu\n", of, name, at, size);
}

void layout_end(const char* of, size_t size) {
  if (size != layout_next) {
    fprintf(stderr, "%s: %zu bytes at its end belong to no listed field\n", of, size - layout_next);
    layout_holes += 1;
  }
}

static void dump_abi(void) {
  printf("# abi.h\n");
  NUMBER(SPAWN_ABI_MAJOR);
  NUMBER(SPAWN_ABI_MINOR);
  NUMBER(SPAWN_P_UNSET);
  NUMBER(SPAWN_P_VALUE);
  NUMBER(SPAWN_P_NOOP);
  NUMBER(SPAWN_OK);
  NUMBER(SPAWN_E_INVALID);
  NUMBER(SPAWN_E_NOT_FOUND);
  NUMBER(SPAWN_E_CONFLICT);
  NUMBER(SPAWN_E_UNAVAILABLE);
  NUMBER(SPAWN_E_UNKNOWN_OUTCOME);
  NUMBER(SPAWN_E_DEADLINE);
  NUMBER(SPAWN_E_CANCELLED);
  NUMBER(SPAWN_E_EXHAUSTED);
  NUMBER(SPAWN_E_TOO_LARGE);
  NUMBER(SPAWN_E_DENIED);
  NUMBER(SPAWN_E_UNSUPPORTED);
  NUMBER(SPAWN_E_CORRUPT);
  NUMBER(SPAWN_E_SHUTDOWN);
  NUMBER(SPAWN_E_INTERNAL);
  NUMBER(SPAWN_E_ABORTED);
  STRUCT(spawn_slice);
  FIELD(spawn_slice, ptr);
  FIELD(spawn_slice, len);
  END(spawn_slice);
  STRUCT(spawn_buf);
  FIELD(spawn_buf, ptr);
  FIELD(spawn_buf, len);
  FIELD(spawn_buf, release);
  FIELD(spawn_buf, ctx);
  END(spawn_buf);
  STRUCT(spawn_payload);
  FIELD(spawn_payload, presence);
  FIELD(spawn_payload, reserved);
  FIELD(spawn_payload, type_url);
  FIELD(spawn_payload, value);
  END(spawn_payload);
  STRUCT(spawn_actor_ref);
  FIELD(spawn_actor_ref, system);
  FIELD(spawn_actor_ref, parent);
  FIELD(spawn_actor_ref, name);
  END(spawn_actor_ref);
  STRUCT(spawn_kv);
  FIELD(spawn_kv, key);
  FIELD(spawn_kv, value);
  END(spawn_kv);
  STRUCT(spawn_trace);
  FIELD(spawn_trace, trace_id);
  FIELD(spawn_trace, span_id);
  FIELD(spawn_trace, flags);
  FIELD(spawn_trace, pad);
  END(spawn_trace);
  STRUCT(spawn_op);
  FIELD(spawn_op, struct_size);
  FIELD(spawn_op, code);
  FIELD(spawn_op, flags);
  FIELD(spawn_op, op_id);
  FIELD(spawn_op, deadline_ns);
  FIELD(spawn_op, trace);
  FIELD(spawn_op, status);
  FIELD(spawn_op, retry_after_ms);
  FIELD(spawn_op, error);
  FIELD(spawn_op, plugin_scratch);
  FIELD(spawn_op, host_private);
  END(spawn_op);
}

static void dump_host(void) {
  printf("# host.h\n");
  ID(SPAWN_HOST_METRICS);
  ID(SPAWN_HOST_LOOP);
  ID(SPAWN_HOST_BLOCKING);
  STRUCT(spawn_host);
  FIELD(spawn_host, struct_size);
  FIELD(spawn_host, abi_minor);
  FIELD(spawn_host, host_data);
  FIELD(spawn_host, get_interface);
  FIELD(spawn_host, complete);
  FIELD(spawn_host, log);
  FIELD(spawn_host, log_enabled);
  FIELD(spawn_host, fault);
  FIELD(spawn_host, now_ns);
  FIELD(spawn_host, unix_ms);
  FIELD(spawn_host, health);
  END(spawn_host);
  STRUCT(spawn_host_metrics);
  FIELD(spawn_host_metrics, struct_size);
  FIELD(spawn_host_metrics, reserved);
  FIELD(spawn_host_metrics, define);
  FIELD(spawn_host_metrics, add);
  FIELD(spawn_host_metrics, observe);
  END(spawn_host_metrics);
  STRUCT(spawn_host_loop);
  FIELD(spawn_host_loop, struct_size);
  FIELD(spawn_host_loop, reserved);
  FIELD(spawn_host_loop, post);
  FIELD(spawn_host_loop, timer);
  FIELD(spawn_host_loop, timer_cancel);
  FIELD(spawn_host_loop, fd_watch);
  FIELD(spawn_host_loop, fd_unwatch);
  END(spawn_host_loop);
  STRUCT(spawn_host_blocking);
  FIELD(spawn_host_blocking, struct_size);
  FIELD(spawn_host_blocking, reserved);
  FIELD(spawn_host_blocking, run);
  END(spawn_host_blocking);
}

static void dump_entry(void) {
  printf("# entry.h\n");
  ID(SPAWN_ENTRY_SYMBOL);
  STRUCT(spawn_create_info);
  FIELD(spawn_create_info, struct_size);
  FIELD(spawn_create_info, lanes);
  FIELD(spawn_create_info, name);
  FIELD(spawn_create_info, config_json);
  FIELD(spawn_create_info, secrets);
  FIELD(spawn_create_info, n_secrets);
  FIELD(spawn_create_info, reserved);
  END(spawn_create_info);
  STRUCT(spawn_instance_vtbl);
  FIELD(spawn_instance_vtbl, struct_size);
  FIELD(spawn_instance_vtbl, reserved);
  FIELD(spawn_instance_vtbl, get_interface);
  FIELD(spawn_instance_vtbl, start);
  FIELD(spawn_instance_vtbl, quiesce);
  FIELD(spawn_instance_vtbl, drain);
  FIELD(spawn_instance_vtbl, stop);
  FIELD(spawn_instance_vtbl, destroy);
  END(spawn_instance_vtbl);
  STRUCT(spawn_instance);
  FIELD(spawn_instance, vt);
  FIELD(spawn_instance, host);
  END(spawn_instance);
  STRUCT(spawn_plugin_entry);
  FIELD(spawn_plugin_entry, struct_size);
  FIELD(spawn_plugin_entry, abi_minor_built);
  FIELD(spawn_plugin_entry, abi_minor_min);
  FIELD(spawn_plugin_entry, manifest_json);
  FIELD(spawn_plugin_entry, init);
  FIELD(spawn_plugin_entry, deinit);
  FIELD(spawn_plugin_entry, create);
  END(spawn_plugin_entry);
}

int main(void) {
  dump_abi();
  dump_host();
  dump_entry();
  dump_statestore();
  dump_transport();
  dump_workflow();
  dump_activator();
  dump_sink();
  dump_actors();
  dump_live_actors();
  dump_handoff();
  return layout_holes == 0 ? 0 : 1;
}
