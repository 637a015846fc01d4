/* abi_types.c - a library whose functions take every struct of the stable headers, so that its
 * debug information holds the whole ABI. abidiff.sh compares it with that of the last release;
 * nothing runs it. Drafts are left out, as in layout_dump.c. */
#include "spawn/plugin/all.h"

#define USES(type)                                      \
  SPAWN_EXPORT void spawn_abi_uses_##type(const type*); \
  void spawn_abi_uses_##type(const type* value) {       \
    (void)value;                                        \
  }

/* abi.h */
USES(spawn_slice)
USES(spawn_buf)
USES(spawn_payload)
USES(spawn_actor_ref)
USES(spawn_kv)
USES(spawn_trace)
USES(spawn_op)

/* host.h */
USES(spawn_host)
USES(spawn_host_metrics)
USES(spawn_host_loop)
USES(spawn_host_blocking)

/* entry.h */
USES(spawn_create_info)
USES(spawn_instance_vtbl)
USES(spawn_instance)
USES(spawn_plugin_entry)

/* statestore.h */
USES(spawn_ss_record)
USES(spawn_ss_load)
USES(spawn_ss_save)
USES(spawn_ss_row)
USES(spawn_ss_list)
USES(spawn_statestore)
USES(spawn_ss_admin)
USES(spawn_statestore_admin)

/* transport.h */
USES(spawn_tp_send)
USES(spawn_tp_sub)
USES(spawn_tp_message)
USES(spawn_host_transport)
USES(spawn_transport)

/* workflow.h */
USES(spawn_wf_command)
USES(spawn_wf_step)
USES(spawn_workflow)

/* activator.h */
USES(spawn_delivery)
USES(spawn_settle)
USES(spawn_host_activator)
USES(spawn_activator)

/* sink.h */
USES(spawn_sink_message)
USES(spawn_sink)

/* actors.h */
USES(spawn_actors_call)
USES(spawn_actors)

/* live_actors.h */
USES(spawn_live_message)
USES(spawn_live_host)
USES(spawn_live_actors)

/* handoff.h */
USES(spawn_handoff_op)
USES(spawn_handoff)
