// Unit tests over the plugin's file: what its kind has to keep, on the fake host.
#include <string>
#include <string_view>

#include "check.hpp"
#include "spawn/plugin/testing/fake_workflow.hpp"
#include "spawn/plugin/wire.h"

namespace {

using spawn::plugin::slice;
using spawn::plugin::text;
using spawn::plugin::testing::fake_step;

// An encoded part; a delay of 0 is left out.
std::string part(std::string_view actor, std::string_view action, std::uint64_t delay_ms) {
  char room[256];
  spawn_wire_writer w = spawn_wire_write(room, sizeof(room));
  spawn_wire_put_bytes(&w, 1, slice(actor));
  spawn_wire_put_bytes(&w, 2, slice(action));
  if (delay_ms != 0) {
    spawn_wire_put_uint(&w, 3, delay_ms);
  }
  return {room, static_cast<std::size_t>(w.needed)};
}

struct bench : plugin_on<> {
  explicit bench(const std::string& config) : plugin_on(config) {}
  fake_step run(const std::string& part) {
    fake_step made("@name@", part);
    made.response("type.example/Done", "it is done");
    made.run(host, raw(), table<spawn_workflow>(SPAWN_WORKFLOW));
    return made;
  }
};

void the_answer_goes_to_the_named_actor() {
  bench b("{}");
  const fake_step step = b.run(part("audit", "note", 0));
  require(step.status() == SPAWN_OK && step.commands().size() == 1, "one command");
  const spawn_wf_command& call = step.commands()[0];
  require(call.kind == SPAWN_WF_INVOKE && call.mode == SPAWN_WF_DETACH, "a call, nobody waits");
  require(text(call.to.name) == "audit" && text(call.action) == "note", "to the named actor");
  require(text(call.payload.value) == "it is done", "with the answer");
  require(call.due_unix_ms == 0, "at once");
}

void a_delay_counts_from_the_steps_clock() {
  bench b(R"({"max_delay_ms":1000})");
  const fake_step step = b.run(part("audit", "note", 1000));
  require(step.status() == SPAWN_OK, "a delay within the bound");
  require(step.commands()[0].due_unix_ms == step.now_unix_ms() + 1000, "counts from the step");
  require(b.run(part("audit", "note", 1001)).status() == SPAWN_E_INVALID, "one beyond it does not");
}

void what_is_malformed_is_refused_with_a_text() {
  bench b("{}");
  for (const std::string& bad : {std::string(), part("", "note", 0), part("audit", "", 0),
                                 part("audit", "note", 0).substr(0, 5)}) {
    const fake_step step = b.run(bad);
    require(step.status() == SPAWN_E_INVALID && !step.error().empty(), "it says what is wrong");
  }
}

}  // namespace

int main(int argc, char** argv) {
  open_plugin(argc, argv);
  the_answer_goes_to_the_named_actor();
  a_delay_counts_from_the_steps_clock();
  what_is_malformed_is_refused_with_a_text();
  return ended();
}
