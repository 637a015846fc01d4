// broadcast: a message to every subscriber of a topic. Nobody waits, metadata is not handed on,
// and the subscribers see the broadcasting actor as their caller.
#include "spawn/plugin/cpp/workflow.hpp"
#include "spawn_manifest.h"

namespace spawn::plugin {
namespace {

class broadcast {
 public:
  static constexpr const char* part_types[] = {"broadcast", nullptr};

  explicit broadcast(const create_args&) {}

  void step(const spawn_wf_step& in, step_output& out) const {
    spawn_wire_broadcast part;
    if (const char* wrong = spawn_wire_read_broadcast(in.part, &part)) {
      out.fail(SPAWN_E_INVALID, std::string("broadcast: ") + wrong);
      return;
    }
    if (part.channel.len == 0) {
      out.fail(SPAWN_E_INVALID, "broadcast: channel_group is empty");
      return;
    }
    spawn_wf_command& command = out.add(SPAWN_WF_BROADCAST);
    command.flags = SPAWN_WF_HAS_CALLER;
    command.caller = in.self;
    command.channel = part.channel;
    command.action = part.action;
    command.payload = part.payload;
  }
};

}  // namespace
}  // namespace spawn::plugin

SPAWN_PLUGIN(spawn::plugin::broadcast, SPAWN_PLUGIN_MANIFEST_JSON,
             spawn::plugin::workflow_glue<spawn::plugin::broadcast>)
