/* Unit tests over the plugin's file: what its kind has to keep, on the fake host. */
#include "check.h"
#include "spawn/plugin/testing/fake_workflow.h"
#include "spawn/plugin/wire.h"

typedef struct bench {
  spawn_fake_host host;
  const spawn_plugin_entry* entry;
  spawn_instance* instance;
  const spawn_workflow* table;
  spawn_wf_step step;
  char part[128];
} bench;

static void begin(bench* b, const spawn_plugin_entry* entry, const char* config) {
  spawn_fake_host_init(&b->host);
  b->entry = entry;
  b->instance = spawn_fake_start(&b->host, entry, config);
  require(b->instance != NULL, "the instance starts");
  b->table = b->instance->vt->get_interface(b->instance, SPAWN_WORKFLOW);
  require(b->table != NULL, "the plugin has the table of its kind");
}

static void end(bench* b) {
  spawn_fake_end(&b->host, b->entry, b->instance);
  require(b->host.violations == 0, b->host.violation);
}

static spawn_slice text(const char* s) {
  const spawn_slice out = {s, strlen(s)};
  return out;
}

/* Runs a step whose part has these fields; a delay of 0 is left out. */
static spawn_status run(bench* b, const char* actor, const char* action, uint64_t delay_ms) {
  spawn_wire_writer w = spawn_wire_write(b->part, sizeof(b->part));
  spawn_slice part;
  spawn_wire_put_bytes(&w, 1, text(actor));
  spawn_wire_put_bytes(&w, 2, text(action));
  if (delay_ms != 0) {
    spawn_wire_put_uint(&w, 3, delay_ms);
  }
  part.ptr = b->part;
  part.len = w.needed;
  b->step = spawn_fake_begin("@name@", part);
  b->step.response.presence = SPAWN_P_VALUE;
  b->step.response.type_url = text("type.example/Done");
  b->step.response.value = text("it is done");
  return spawn_fake_run(&b->host, b->instance, b->table, &b->step);
}

static int is(spawn_slice s, const char* wanted) {
  return s.len == strlen(wanted) && memcmp(s.ptr, wanted, (size_t)s.len) == 0;
}

static void the_answer_goes_to_the_named_actor(const spawn_plugin_entry* entry) {
  bench b;
  const spawn_wf_command* call;
  begin(&b, entry, "{}");
  require(run(&b, "audit", "note", 0) == SPAWN_OK && b.step.n_out == 1, "one command");
  call = b.step.out;
  require(call->kind == SPAWN_WF_INVOKE && call->mode == SPAWN_WF_DETACH, "a call, nobody waits");
  require(is(call->to.name, "audit") && is(call->action, "note"), "to the named actor");
  require(is(call->payload.value, "it is done"), "with the answer");
  require(call->due_unix_ms == 0, "at once");
  spawn_fake_release_step(&b.step);
  end(&b);
}

static void a_delay_counts_from_the_steps_clock(const spawn_plugin_entry* entry) {
  bench b;
  begin(&b, entry, "{\"max_delay_ms\":1000}");
  require(run(&b, "audit", "note", 1000) == SPAWN_OK, "a delay within the bound");
  require(b.step.out->due_unix_ms == b.step.now_unix_ms + 1000, "counts from the step");
  spawn_fake_release_step(&b.step);
  require(run(&b, "audit", "note", 1001) == SPAWN_E_INVALID, "one beyond it does not");
  spawn_fake_release_step(&b.step);
  end(&b);
}

static void what_is_malformed_is_refused_with_a_text(const spawn_plugin_entry* entry) {
  bench b;
  begin(&b, entry, "{}");
  require(run(&b, "", "note", 0) == SPAWN_E_INVALID && b.step.op.error.len != 0, "no actor");
  spawn_fake_release_step(&b.step);
  require(run(&b, "audit", "", 0) == SPAWN_E_INVALID && b.step.op.error.len != 0, "no action");
  spawn_fake_release_step(&b.step);
  b.step = spawn_fake_begin("@name@", text("\x0a\x05it"));
  require(spawn_fake_run(&b.host, b.instance, b.table, &b.step) == SPAWN_E_INVALID, "cut off");
  spawn_fake_release_step(&b.step);
  end(&b);
}

int main(int argc, char** argv) {
  const spawn_plugin_entry* entry = open_plugin(argc, argv);
  the_answer_goes_to_the_named_actor(entry);
  a_delay_counts_from_the_steps_clock(entry);
  what_is_malformed_is_refused_with_a_text(entry);
  puts("all tests passed");
  return 0;
}
