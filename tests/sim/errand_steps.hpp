// The step function of errands: what the workflow plugin of a simulated world does with a flow.
#pragma once
#include "plugin/ports/workflow_port.hpp"

namespace sim {

// Runs one step of a flow (any event but BEGIN) and fills its out fields. Pure: everything comes
// from the step. Some fail, as the time of the step decides: the kernel has to bring them again.
//
// Actions: "start" is answered as soon as the errand is begun, "run" and "await" when it has ended,
// "stop" gives it up where it stands, "ask" is answered by the actor it is routed to.
void run_errand_step(spawn_wf_step& step);

}  // namespace sim
