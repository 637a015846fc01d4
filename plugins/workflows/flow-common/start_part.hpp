// The parts Saga and ScatterGather of plugin-api/proto/spawn/workflows.proto. Both say the same:
// start the virtual actor of this name and id with this input. They have the same fields.
#pragma once
#include <string_view>

#include "flow-common/virtual_parents.hpp"
#include "spawn/plugin/cpp/workflow.hpp"

namespace spawn::plugin::flows {

// Gives one INVOKE, DETACH: `start` to <prefix><name>/<id>. Without an id one is made from the
// flow_id and call_id of the step and the part itself, so that a repeat of the step gives the same;
// without a flow_id, which alone tells two turns apart, it is refused.
void start_from_part(const spawn_wf_step& in, const virtual_parents& parents, std::string_view type,
                     step_output& out);

}  // namespace spawn::plugin::flows
