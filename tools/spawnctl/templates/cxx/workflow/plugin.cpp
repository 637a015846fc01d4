// The workflow as a plugin: one part, one command.
#include <string>

#include "spawn/plugin/config.h"
#include "spawn/plugin/cpp/workflow.hpp"
#include "spawn/plugin/wire.h"
#include "spawn_manifest.h"

namespace {

namespace plugin = spawn::plugin;

struct part {
  spawn_slice actor, action;
  std::uint64_t delay_ms = 0;
};

// NULL, or what is malformed.
const char* read(spawn_slice bytes, part& out) {
  spawn_wire_reader r = spawn_wire_read(bytes);
  spawn_wire_field f;
  while (spawn_wire_next(&r, &f) != 0) {
    const bool is_text = f.type == SPAWN_WIRE_BYTES;
    if (f.number == 1 && is_text) {
      out.actor = f.bytes;
    } else if (f.number == 2 && is_text) {
      out.action = f.bytes;
    } else if (f.number == 3 && f.type == SPAWN_WIRE_VARINT) {
      out.delay_ms = f.value;
    } else if (f.number >= 1 && f.number <= 3) {
      return "a field has another type";
    }
  }
  if (r.failed != 0) {
    return "this is no protobuf message";
  }
  return out.actor.len == 0 ? "actor is empty" : out.action.len == 0 ? "action is empty" : nullptr;
}

class instance {
 public:
  static constexpr const char* part_types[] = {"@name@", nullptr};

  explicit instance(const plugin::create_args& args)
      : max_delay_ms_(
            spawn_config_number(plugin::slice(args.config_json), "max_delay_ms", 3'600'000)) {}

  // Pure: lanes call it at the same time.
  void step(const spawn_wf_step& in, plugin::step_output& out) const {
    part wanted{};
    if (const char* wrong = read(in.part, wanted)) {
      return out.fail(SPAWN_E_INVALID, std::string("@name@: ") + wrong);
    }
    if (wanted.delay_ms > max_delay_ms_) {
      return out.fail(SPAWN_E_INVALID, "@name@: delay_ms is more than max_delay_ms");
    }
    spawn_wf_command& call = out.add(SPAWN_WF_INVOKE);
    call.mode = SPAWN_WF_DETACH;
    call.flags = SPAWN_WF_HAS_CALLER;
    call.caller = in.self;
    call.to = {in.self.system, {}, wanted.actor};
    call.action = wanted.action;
    call.payload = in.response;
    if (wanted.delay_ms != 0) {
      call.due_unix_ms = in.now_unix_ms + static_cast<std::int64_t>(wanted.delay_ms);
    }
  }

 private:
  std::uint64_t max_delay_ms_;
};

}  // namespace

SPAWN_PLUGIN(instance, SPAWN_PLUGIN_MANIFEST_JSON, plugin::workflow_glue<instance>)
