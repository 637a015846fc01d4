// saga_flow: one step of a saga's own actor, from scratch to commands.
#pragma once
#include <optional>
#include <string_view>

#include "saga/planner.hpp"

namespace spawn::plugin::saga {

class saga_flow {
 public:
  saga_flow(const declared_saga& declared, const spawn_wf_step& in, step_output& out)
      : declared_(declared), in_(in), out_(out) {}

  void run();

 private:
  struct refusal {
    spawn_status code;
    std::string why;
  };

  void event();
  void call();
  std::optional<refusal> start();
  std::optional<refusal> check_input(const flows::any_payload& input) const;
  // operator_requests.cpp
  std::optional<refusal> cancel(planner& p);
  std::optional<refusal> retry(planner& p);
  std::optional<refusal> compensate(planner& p);
  std::optional<refusal> settle_by_hand(planner& p);
  std::optional<refusal> no_definition() const;
  std::optional<std::size_t> step_called(const flows::json& name) const;

  // Commands for what the planner decided; then the answers.
  void finish(planner& p, bool answer_caller);
  [[nodiscard]] bool is_over() const { return state_->has_ended() || !state_->stuck.empty(); }

  const declared_saga& declared_;
  const spawn_wf_step& in_;
  step_output& out_;
  std::optional<saga_state> state_;
  const definition* def_ = nullptr;
};

}  // namespace spawn::plugin::saga
