/* fake_workflow.h - what unit tests of a workflow in C need beside fake_host.h: a step that is laid
 * out, run once, looked at, and released. Thread: the test's. C11 (C++ has fake_workflow.hpp). */
#ifndef SPAWN_PLUGIN_TESTING_FAKE_WORKFLOW_H
#define SPAWN_PLUGIN_TESTING_FAKE_WORKFLOW_H
#include "../workflow.h"
#include "fake_host.h"

/* BEGIN: the actor "cart" of system "shop" answered with this part, which is borrowed. */
static inline spawn_wf_step spawn_fake_begin(const char* part_type, spawn_slice part) {
  spawn_wf_step step;
  memset(&step, 0, sizeof(step));
  step.op.struct_size = sizeof(step);
  step.event = SPAWN_WF_BEGIN;
  step.attempt = 1;
  step.flow_id = step.call_id = 1;
  step.self.system.ptr = step.caller.system.ptr = "shop";
  step.self.system.len = step.caller.system.len = 4;
  step.self.name.ptr = "cart";
  step.self.name.len = 4;
  step.caller.name.ptr = "web";
  step.caller.name.len = 3;
  step.action.ptr = "add";
  step.action.len = 3;
  step.part_type.ptr = part_type;
  step.part_type.len = strlen(part_type);
  step.part = part;
  step.now_unix_ms = 1700000000000;
  return step;
}

/* On lane 0. A step that does not end inside the call is a violation. */
static inline spawn_status spawn_fake_run(spawn_fake_host* f, spawn_instance* instance,
                                          const spawn_workflow* table, spawn_wf_step* step) {
  const spawn_slice none = {NULL, 0};
  spawn_op* op = &step->op;
  spawn_fake_expect(f, op);
  table->submit(instance, 0, &op, 1);
  if (!spawn_fake_ended(op)) {
    spawn_fake_violation(f, "a step did not end inside submit", none);
  }
  return op->status;
}

/* Afterwards its commands and its error are gone. */
static inline void spawn_fake_release_step(spawn_wf_step* step) {
  if (step->out_owner.release != NULL) {
    step->out_owner.release(step->out_owner.ctx, step->out_owner.ptr, step->out_owner.len);
  }
  if (step->op.error.release != NULL) {
    step->op.error.release(step->op.error.ctx, step->op.error.ptr, step->op.error.len);
  }
  memset(step, 0, sizeof(*step));
}
#endif
