// One call of an action, without types: the border between the templates and the generated code.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "spawn/sdk/payload.hpp"
#include "spawn/sdk/types.hpp"

namespace spawn::sdk::wire {
class ActorInvocation;
class ActorInvocationResponse;
class Workflow;
}  // namespace spawn::sdk::wire

namespace spawn::sdk::detail {

// The two strings of an Any, to be filled in place.
struct any_slot {
  std::string& type_url;
  std::string& value;
};

// Reads one ActorInvocation and fills one ActorInvocationResponse.
// Life cycle: on the worker's stack, for one request. Borrows both messages of the worker.
// Thread: the worker's.
class turn {
 public:
  turn(wire::ActorInvocation& in, wire::ActorInvocationResponse& out) : in_(in), out_(out) {}
  turn(const turn&) = delete;
  turn& operator=(const turn&) = delete;

  [[nodiscard]] std::string_view action() const;
  [[nodiscard]] std::string_view name() const;
  [[nodiscard]] std::string_view system() const;
  [[nodiscard]] std::string_view parent() const;
  [[nodiscard]] actor_id self() const;
  [[nodiscard]] actor_id caller() const;
  // A value of google.protobuf.Empty or Noop counts as no argument: some SDKs send one.
  [[nodiscard]] payload_view payload() const;
  [[nodiscard]] payload_view state() const;
  [[nodiscard]] std::string_view metadata(std::string_view key) const;
  [[nodiscard]] string_map metadata() const;
  [[nodiscard]] string_map& tags();

  [[nodiscard]] any_slot new_state();
  [[nodiscard]] any_slot reply_value();
  void reply_noop();
  void echo();
  [[nodiscard]] bool replied() const;

  struct effect {
    std::string_view actor, action, register_ref, system;
    std::int64_t scheduled_to = 0;
    bool async = true;
    const string_map* metadata = nullptr;
  };
  // `with_value` false sends a noop; true returns the slot of the payload.
  std::optional<any_slot> add_effect(const effect& what, bool with_value);
  std::optional<any_slot> set_broadcast(std::string_view channel, bool with_value);
  void set_pipe(std::string_view actor, std::string_view action, std::string_view register_ref);
  void set_forward(std::string_view actor, std::string_view action, std::string_view register_ref);
  [[nodiscard]] any_slot add_part();
  void checkpoint();

  // Fills in what every answer carries. Called once, after the action returned.
  void finish();

 private:
  wire::Workflow& workflow();

  wire::ActorInvocation& in_;
  wire::ActorInvocationResponse& out_;
  std::optional<string_map> tags_;  // set when the action looked at them
  bool echoed_unset_ = false;       // the answer stays without payload, as the request was
};

}  // namespace spawn::sdk::detail
