// Events on calls: what came back, or did not. Only records change here, and retries are armed.
#include <algorithm>

#include "flow-common/duration.hpp"
#include "saga/planner.hpp"

namespace spawn::plugin::saga {
namespace {

bool is_settled(const call_record& c) {
  return c.state == call_state::ok || c.state == call_state::skipped;
}

std::uint64_t backoff_of(const retry_policy& policy, std::uint32_t attempts) {
  std::uint64_t wait = policy.backoff_ms;
  for (std::uint32_t i = 1; i < attempts && wait < policy.max_backoff_ms; ++i) {
    wait *= 2;
  }
  return std::min(wait, policy.max_backoff_ms);
}

// The callee may have done its work although the call ended with this.
bool leaves_doubt(spawn_status status) {
  return status == SPAWN_E_DEADLINE || status == SPAWN_E_UNKNOWN_OUTCOME;
}

}  // namespace

void planner::on_result() {
  const std::optional<place> at = owner_of_call(in_.token);
  if (!at) {
    return;
  }
  call_record& c = record(*at);
  std::erase(c.outstanding, in_.token);
  if (is_settled(c)) {
    return;
  }
  cancel_timer(c.timer);
  c.state = call_state::ok;
  c.ended = in_.now_unix_ms;
  c.error.clear();
  if (!at->undo) {
    keep_result(state_.steps[at->step], at->step);
  }
}

void planner::keep_result(step_record& step, std::size_t index) {
  if (def_ != nullptr && !def_->steps[index].keeps_result) {
    return;
  }
  std::size_t room = results_bytes_max;
  for (const step_record& other : state_.steps) {
    room -= std::min(room, other.result.size());
  }
  if (flows::size_of(in_.response) > std::min(room, result_bytes_max)) {
    step.result_dropped = true;
  } else {
    step.result = flows::copy_of(in_.response);
  }
}

void planner::on_failure() {
  const std::optional<place> at = owner_of_call(in_.token);
  if (!at) {
    return;
  }
  call_record& c = record(*at);
  const bool newest = c.outstanding.back() == in_.token;
  std::erase(c.outstanding, in_.token);
  if (is_settled(c)) {
    return;
  }
  const bool doubt = leaves_doubt(in_.status);
  c.doubt = c.doubt || doubt;
  c.error = flows::shortened(text(in_.error), error_bytes_max);
  const bool decides = c.state == call_state::late ? c.outstanding.empty()
                                                   : c.state == call_state::in_flight && newest;
  if (decides) {
    retry_or_settle(*at, def_ != nullptr && (!doubt || how(*at).retry.timeouts));
  }
}

void planner::on_timer() {
  if (in_.token == state_.keep_timer && state_.has_ended()) {
    done_ = true;
    return;
  }
  if (in_.token == state_.deadline_timer) {
    state_.deadline_timer = 0;
    return;
  }
  const std::optional<place> at = owner_of_timer(in_.token);
  if (!at) {
    return;
  }
  call_record& c = record(*at);
  c.timer = 0;
  if (c.state == call_state::backoff) {
    c.state = call_state::idle;
  } else if (c.state == call_state::in_flight) {
    c.error = "not answered in time";
    retry_or_settle(*at, def_ != nullptr && how(*at).retry.timeouts);
  }
}

void planner::retry_or_settle(place at, bool allowed_by_outcome) {
  call_record& c = record(at);
  if (!allowed_by_outcome || !may_retry(at) || c.outstanding.size() >= outstanding_max) {
    settle(c);
    return;
  }
  cancel_timer(c.timer);
  c.state = call_state::backoff;
  set_timer(c.timer, flows::later(in_.now_unix_ms, backoff_of(how(at).retry, c.since_armed)));
}

bool planner::may_retry(place at) const {
  const step_record& step = state_.steps[at.step];
  if (at.undo) {
    return state_.mode == saga_mode::backward && step.undo.since_armed < how(at).retry.attempts;
  }
  if (state_.mode != saga_mode::forward || expired()) {
    return false;
  }
  // Behind the pivot there is no way back, so the deadline alone ends the attempts.
  return past_pivot() || (!state_.cancelled && step.run.since_armed < how(at).retry.attempts);
}

}  // namespace spawn::plugin::saga
