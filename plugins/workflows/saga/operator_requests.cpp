// cancel, retry and compensate: who may say what in which state.
#include "saga/requests.hpp"

namespace spawn::plugin::saga {

std::optional<saga_flow::refusal> saga_flow::no_definition() const {
  if (def_ != nullptr) {
    return std::nullopt;
  }
  return refusal{SPAWN_E_CONFLICT, "saga \"" + declared_.name +
                                       "\" is declared with other steps than this one was started "
                                       "with: put them under `earlier`"};
}

// Idempotent: what goes back already, or is undone, is answered with its status.
std::optional<saga_flow::refusal> saga_flow::cancel(planner& p) {
  if (state_->mode == saga_mode::completed) {
    return refusal{SPAWN_E_CONFLICT, "the saga is completed"};
  }
  if (state_->mode != saga_mode::forward) {
    return std::nullopt;
  }
  if (std::optional<refusal> no = no_definition()) {
    return no;
  }
  if (!state_->stuck.empty()) {
    p.give_up("cancelled");
    return std::nullopt;
  }
  if (p.past_pivot()) {
    return refusal{SPAWN_E_CONFLICT, "the saga is past its pivot \"" +
                                         def_->steps[*def_->pivot].name + "\" and goes on"};
  }
  p.cancel();
  return std::nullopt;
}

std::optional<saga_flow::refusal> saga_flow::retry(planner& p) {
  if (state_->has_ended()) {
    return refusal{SPAWN_E_CONFLICT, "the saga has ended"};
  }
  if (std::optional<refusal> no = no_definition()) {
    return no;
  }
  p.rearm();
  return std::nullopt;
}

std::optional<saga_flow::refusal> saga_flow::compensate(planner& p) {
  if (state_->mode == saga_mode::compensated) {
    return std::nullopt;
  }
  if (state_->mode == saga_mode::completed) {
    return refusal{SPAWN_E_CONFLICT, "the saga is completed"};
  }
  if (state_->mode == saga_mode::forward && state_->stuck.empty()) {
    return refusal{SPAWN_E_CONFLICT, "the saga is running: cancel is the way to stop it"};
  }
  if (std::optional<refusal> no = no_definition()) {
    return no;
  }
  if (std::optional<refusal> no = settle_by_hand(p)) {
    return no;
  }
  if (state_->mode == saga_mode::forward) {
    p.give_up("an operator");
  } else {
    p.rearm();
  }
  return std::nullopt;
}

std::optional<std::size_t> saga_flow::step_called(const flows::json& name) const {
  for (std::size_t i = 0; i < def_->steps.size(); ++i) {
    if (name == def_->steps[i].name) {
      return i;
    }
  }
  return std::nullopt;
}

// {"skip": [step, ...], "ran": [step, ...]}: what an operator has found out or done by hand.
std::optional<saga_flow::refusal> saga_flow::settle_by_hand(planner& p) {
  if (flows::size_of(in_.request) > input_bytes_max) {
    return refusal{SPAWN_E_TOO_LARGE, "compensate takes a short list"};
  }
  const std::optional<flows::json> given = flows::json_of(flows::copy_of(in_.request));
  const refusal malformed{SPAWN_E_INVALID,
                          "compensate takes {\"skip\": [step, ...], \"ran\": [step, ...]}"};
  if (!given || !(given->is_null() || given->is_object())) {
    return malformed;
  }
  std::vector<std::size_t> skipped, ran;
  for (const auto& [key, names] : given->items()) {
    if ((key != "skip" && key != "ran") || !names.is_array()) {
      return malformed;
    }
    for (const flows::json& name : names) {
      const std::optional<std::size_t> step = step_called(name);
      if (!step) {
        return refusal{SPAWN_E_INVALID, "there is no step " + flows::write_json(name)};
      }
      (key == "skip" ? skipped : ran).push_back(*step);
    }
  }
  for (const std::size_t step : ran) {
    p.assume_ran(step);
  }
  for (const std::size_t step : skipped) {
    p.skip(step);
  }
  return std::nullopt;
}

}  // namespace spawn::plugin::saga
