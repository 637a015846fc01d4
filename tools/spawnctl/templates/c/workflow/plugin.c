/* The workflow as a plugin: one part, one command. */
#include "plugin.h"
#include "spawn/plugin/wire.h"
#include "spawn/plugin/workflow.h"

typedef struct instance {
  spawn_instance base; /* first: the kernel's pointer is ours */
  uint64_t max_delay_ms;
} instance;

typedef struct part {
  spawn_slice actor, action;
  uint64_t delay_ms;
} part;

/* NULL, or what is malformed. */
static const char* read_part(spawn_slice bytes, part* out) {
  spawn_wire_reader r = spawn_wire_read(bytes);
  spawn_wire_field f;
  memset(out, 0, sizeof(*out));
  while (spawn_wire_next(&r, &f)) {
    if (f.number == 1 && f.type == SPAWN_WIRE_BYTES) {
      out->actor = f.bytes;
    } else if (f.number == 2 && f.type == SPAWN_WIRE_BYTES) {
      out->action = f.bytes;
    } else if (f.number == 3 && f.type == SPAWN_WIRE_VARINT) {
      out->delay_ms = f.value;
    } else if (f.number >= 1 && f.number <= 3) {
      return "@name@: a field has another type";
    }
  }
  if (r.failed) {
    return "@name@: this is no protobuf message";
  }
  if (out->actor.len == 0 || out->action.len == 0) {
    return out->actor.len == 0 ? "@name@: actor is empty" : "@name@: action is empty";
  }
  return NULL;
}

static void set_error(spawn_op* op, spawn_status status, const char* why) {
  const spawn_buf text = {why, strlen(why), NULL, NULL};
  op->status = status;
  op->error = text;
}

static void free_commands(void* ctx, const void* ptr, uint64_t len) {
  (void)ptr;
  (void)len;
  free(ctx);
}

/* Pure: lanes run it at the same time. The command points into the step, which is there as long. */
static void begin(const instance* i, spawn_wf_step* step) {
  part wanted;
  spawn_wf_command* call;
  const char* wrong = read_part(step->part, &wanted);
  if (wrong == NULL && wanted.delay_ms > i->max_delay_ms) {
    wrong = "@name@: delay_ms is more than max_delay_ms";
  }
  if (wrong != NULL) {
    set_error(&step->op, SPAWN_E_INVALID, wrong);
    return;
  }
  call = calloc(1, sizeof(spawn_wf_command));
  if (call == NULL) {
    set_error(&step->op, SPAWN_E_EXHAUSTED, "out of memory");
    return;
  }
  call->struct_size = sizeof(spawn_wf_command);
  call->kind = SPAWN_WF_INVOKE;
  call->mode = SPAWN_WF_DETACH;
  call->flags = SPAWN_WF_HAS_CALLER;
  call->caller = step->self;
  call->to.system = step->self.system;
  call->to.name = wanted.actor;
  call->action = wanted.action;
  call->payload = step->response;
  call->due_unix_ms = wanted.delay_ms != 0 ? step->now_unix_ms + (int64_t)wanted.delay_ms : 0;
  step->op.status = SPAWN_OK;
  step->out = call;
  step->n_out = 1;
  step->out_stride = sizeof(spawn_wf_command);
  step->out_owner.ptr = call;
  step->out_owner.len = sizeof(spawn_wf_command);
  step->out_owner.release = free_commands;
  step->out_owner.ctx = call;
}

static int is_ours(spawn_slice part_type) {
  return part_type.len == strlen("@name@") &&
         memcmp(part_type.ptr, "@name@", strlen("@name@")) == 0;
}

static void run(const instance* i, spawn_wf_step* step) {
  if (step->op.struct_size < sizeof(spawn_wf_step)) {
    set_error(&step->op, SPAWN_E_UNSUPPORTED, "@name@: the kernel is older than this plugin");
  } else if (step->event != SPAWN_WF_BEGIN) {
    step->op.status = SPAWN_OK; /* it waits for nothing, so nothing else is of use */
    step->out = NULL;
    step->n_out = 0;
  } else if (!is_ours(step->part_type)) {
    set_error(&step->op, SPAWN_E_UNSUPPORTED, "@name@: unknown part");
  } else {
    begin(i, step);
  }
}

static void submit(spawn_instance* self, uint32_t lane, spawn_op* const* ops, uint32_t n) {
  uint32_t at;
  (void)lane;
  for (at = 0; at < n; ++at) {
    run((const instance*)self, (spawn_wf_step*)ops[at]);
  }
  if (n != 0) {
    self->host->complete(self->host, ops, n);
  }
}

static const char* const* part_types(spawn_instance* self) {
  static const char* const types[] = {"@name@", NULL};
  (void)self;
  return types;
}

static const spawn_workflow table = {
    sizeof(spawn_workflow), 0, part_types, NULL, NULL, submit, NULL};

static const void* get_interface(spawn_instance* self, const char* id) {
  (void)self;
  return strcmp(id, SPAWN_WORKFLOW) == 0 ? &table : NULL;
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
  i->max_delay_ms = spawn_config_number(info->config_json, "max_delay_ms", 3600000);
  *out = &i->base;
  return SPAWN_OK;
}

PLUGIN_ENTRY(create);
