// The way forward: group after group, until all are done, one fails, or nothing may go on.
#include "saga/planner.hpp"

namespace spawn::plugin::saga {

void planner::advance() {
  if (state_.has_ended()) {
    return;
  }
  state_.stuck.clear();
  if (def_ == nullptr) {
    be_stuck("saga \"" + state_.name +
             "\" is declared with other steps than it was started with: put them under `earlier`");
    return;
  }
  if (state_.mode == saga_mode::forward) {
    go_forward();
  }
  if (state_.mode == saga_mode::backward) {
    go_backward();
  }
}

void planner::go_forward() {
  for (const step_group& group : def_->groups) {
    if (all_ok(group)) {
      continue;
    }
    if (may_go_on(group) && !send_idle(group)) {
      (void)may_go_on(group);  // what could not be sent has failed: decide again
    }
    return;
  }
  finish(saga_mode::completed);
}

bool planner::all_ok(const step_group& group) const {
  for (std::size_t i = group.first; i < group.first + group.count; ++i) {
    if (state_.steps[i].run.state != call_state::ok) {
      return false;
    }
  }
  return true;
}

bool planner::past_pivot() const {
  return def_ != nullptr && def_->pivot && state_.steps[*def_->pivot].run.state == call_state::ok;
}

bool planner::may_go_on(const step_group& group) {
  const bool committed = past_pivot();
  const bool stops = state_.cancelled || expired();
  for (std::size_t i = group.first; i < group.first + group.count; ++i) {
    const call_record& run = state_.steps[i].run;
    if (committed) {
      judge_committed(i);
    } else if (def_->steps[i].pivot && run.attempts > 0) {
      judge_pivot(i);
    } else if (run.state == call_state::failed || run.state == call_state::late ||
               run.state == call_state::unknown) {
      give_up("step \"" + name_of(i) + "\": " + run.error);
    } else if (stops) {
      give_up(state_.cancelled ? "cancelled" : "its deadline passed");
    }
    if (state_.mode == saga_mode::backward) {
      return false;
    }
  }
  return state_.stuck.empty();
}

// Behind the pivot a step may only go on or wait for an operator.
void planner::judge_committed(std::size_t step) {
  call_record& run = state_.steps[step].run;
  const bool repeats =
      run.state == call_state::backoff || (run.state == call_state::idle && run.since_armed > 0);
  if (expired() && repeats) {
    settle(run);
  }
  if (run.state == call_state::failed || run.state == call_state::unknown ||
      (run.state == call_state::late && expired())) {
    be_stuck("step \"" + name_of(step) + "\" behind the pivot: " + run.error);
  }
}

// While nobody knows whether the pivot took place there is neither a way forward nor back.
void planner::judge_pivot(std::size_t step) {
  call_record& run = state_.steps[step].run;
  const bool repeats =
      run.state == call_state::backoff || (run.state == call_state::idle && run.since_armed > 0);
  const bool stops = state_.cancelled || expired();
  if (stops && repeats) {
    settle(run);
  }
  if (run.state == call_state::failed) {
    give_up(stops && run.error.empty() ? "its deadline passed"
                                       : "step \"" + name_of(step) + "\": " + run.error);
  } else if (run.state == call_state::unknown || (run.state == call_state::late && expired())) {
    be_stuck("the outcome of the pivot \"" + name_of(step) + "\" is not known: " + run.error);
  }
}

bool planner::send_idle(const step_group& group) {
  for (std::size_t i = group.first; i < group.first + group.count; ++i) {
    if (state_.steps[i].run.state == call_state::idle && !send({i, false})) {
      return false;
    }
  }
  return true;
}

}  // namespace spawn::plugin::saga
