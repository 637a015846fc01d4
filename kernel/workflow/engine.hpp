// Runs the workflow parts of a turn through their plugins and collects what they want done.
#pragma once
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/hash.hpp"
#include "base/result.hpp"
#include "model/invocation.hpp"
#include "wire/host_call.hpp"
#include "workflow/sink_directory.hpp"
#include "workflow/step_runner.hpp"

namespace spawn {

// To every subscriber of a channel.
struct broadcast_order {
  std::string system;
  std::string channel;
  std::string action;  // empty: what each subscriber bound
  payload argument;
  bool has_caller = false;
  actor_id caller;
  trace_context trace;
  // Subscribers in mode commit get it by a row of the turn that sent it (durability.md 24).
  bool has_row = false;
};

// What a BROADCAST command says.
[[nodiscard]] broadcast_order make_broadcast(const spawn_wf_command& command, actor_view self,
                                             payload_view request, payload_view response,
                                             const trace_context& trace);

// What a turn sends, in order. Held until the turn's state is durable; destroyed unsent, nothing of
// it happened.
struct emission {
  std::vector<invocation_ptr> sends;
  std::vector<broadcast_order> broadcasts;
  // Takes over the caller's reply: the last hop answers (pipe, forward).
  invocation_ptr route;

  [[nodiscard]] bool empty() const noexcept {
    return sends.empty() && broadcasts.empty() && route == nullptr;
  }
};

// One turn's workflow. Everything is borrowed for the call.
struct workflow_turn {
  actor_view self;
  invocation& request;  // gets the number that names its parts
  payload_view response;
  std::span<const wire::workflow_part> parts;
};

// [lane] One per lane; borrows the ports. Parts run in the order given; the first failing one fails
// the workflow as a whole, since half a workflow is worse than none.
class workflow_engine {
 public:
  // `sinks` may be null: there are none.
  workflow_engine(lane& home, std::span<workflow_port* const> ports, byte_budget& budget,
                  const sink_directory* sinks = nullptr);

  // Plugins are pure and end inline; one that does not is faulted here, with its name.
  [[nodiscard]] result<emission> run(const workflow_turn& turn);

 private:
  [[nodiscard]] result<void> run_part(const workflow_turn& turn, const wire::workflow_part& part,
                                      std::uint64_t id, emission& out);
  [[nodiscard]] result<void> take_command(const workflow_turn& turn,
                                          const spawn_wf_command& command, std::string_view plugin,
                                          emission& out);
  [[nodiscard]] result<void> take_invoke(const workflow_turn& turn, const spawn_wf_command& command,
                                         std::string_view plugin, emission& out);

  [[nodiscard]] result<void> take_publish(const workflow_turn& turn, std::string_view sink,
                                          const payload& argument,
                                          std::span<const spawn_kv> headers, emission& out);

  lane& lane_;
  byte_budget& budget_;
  const sink_directory* const sinks_;
  std::unordered_map<std::string, workflow_port*, text_hash, std::equal_to<>> by_part_;
  step_runner steps_;
};

}  // namespace spawn
