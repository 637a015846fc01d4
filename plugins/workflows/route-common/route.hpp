// What pipe and forward share: both send a payload on to another actor of the same system, which
// then answers the caller in this actor's place. Stateless; any lane.
#pragma once
#include <string>
#include <string_view>

#include "spawn/plugin/cpp/workflow.hpp"

namespace spawn::plugin {

// Reads the part (Pipe and Forward have the same fields) and adds one ROUTE command. The metadata
// of the request goes along; the actor that routes is the caller.
inline void route(std::string_view what, const spawn_wf_step& in, const spawn_payload& payload,
                  step_output& out) {
  spawn_wire_route part;
  if (const char* wrong = spawn_wire_read_route(in.part, &part)) {
    out.fail(SPAWN_E_INVALID, std::string(what) + ": " + wrong);
    return;
  }
  if (part.actor.len == 0) {
    out.fail(SPAWN_E_INVALID, std::string(what) + ": actor is empty");
    return;
  }
  spawn_wf_command& command = out.add(SPAWN_WF_INVOKE);
  command.mode = SPAWN_WF_ROUTE;
  command.flags = SPAWN_WF_HAS_CALLER;
  command.caller = in.self;
  command.to.system = in.self.system;
  command.to.name = part.actor;
  command.register_ref = part.register_ref;
  command.action = part.action;
  command.payload = payload;
  command.metadata = in.metadata;
  command.n_metadata = in.n_metadata;
}

}  // namespace spawn::plugin
