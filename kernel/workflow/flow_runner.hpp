// Runs the steps of flows: the actors that a workflow plugin serves itself (workflow.h "Flows").
#pragma once
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "workflow/engine.hpp"
#include "workflow/flow_state.hpp"

namespace spawn {

// One event. Borrowed for the step.
struct flow_input {
  std::uint32_t event = SPAWN_WF_CALL;
  actor_view self;
  const invocation* message = nullptr;  // CALL: the request. RESULT: its argument is the response
  std::uint64_t call_id = 0;            // CALL: 0 = nobody waits
  std::uint64_t token = 0;
  errc status = errc::ok;        // FAILURE
  std::string_view error;        // FAILURE
  std::int64_t deadline_ms = 0;  // CALL: until when the caller waits
  std::uint64_t new_life = 0;    // what the flow is called if this step begins it
};

// What the steps of one turn want, in order.
struct flow_output {
  std::vector<invocation_ptr> sends;  // WAIT and WANT_FAILURE: with a row that names who waits
  std::vector<broadcast_order> broadcasts;
  invocation_ptr route;               // the callee answers the caller of this step
  std::optional<outcome> own_answer;  // of this step's caller
  std::vector<std::pair<flow_caller, outcome>> answers;  // of callers of earlier steps
  bool done = false;                                     // the flow has ended
};

// [lane] One per lane.
class flow_runner {
 public:
  flow_runner(lane& home, byte_budget& budget) : steps_(home), budget_(budget) {}

  // Runs one step on `state` and adds what it wants to `out`. With an error both are as before.
  [[nodiscard]] result<void> run(workflow_port& port, const flow_input& in, flow_state& state,
                                 flow_output& out);

 private:
  struct draft;
  [[nodiscard]] result<void> take(const flow_input& in, const spawn_wf_command& command,
                                  std::string_view plugin, draft& to);
  [[nodiscard]] result<void> take_invoke(const flow_input& in, const spawn_wf_command& command,
                                         draft& to);
  [[nodiscard]] result<void> take_answer(const flow_input& in, const spawn_wf_command& command,
                                         draft& to);

  step_runner steps_;
  byte_budget& budget_;
};

}  // namespace spawn
