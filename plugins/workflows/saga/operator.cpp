// What an operator's words do to the records.
#include "flow-common/duration.hpp"
#include "saga/planner.hpp"

namespace spawn::plugin::saga {

// Failed calls start anew with all their attempts; a wait begins anew. A call of which an attempt
// is not answered is sent again only if its policy says that repeats are recognised.
void planner::rearm() {
  const bool undo = state_.mode == saga_mode::backward;
  state_.cancelled = state_.cancelled && undo;
  for (std::size_t i = 0; i < state_.steps.size(); ++i) {
    call_record& c = record({i, undo});
    switch (c.state) {
      case call_state::failed:
      case call_state::unknown:
      case call_state::backoff:
        cancel_timer(c.timer);
        c.state = call_state::idle;
        c.since_armed = 0;
        c.doubt = false;
        break;
      case call_state::late:
        c.since_armed = 0;
        if (how({i, undo}).retry.timeouts && c.outstanding.size() < outstanding_max) {
          c.state = call_state::idle;
        } else {
          c.state = call_state::in_flight;
          set_timer(c.timer, flows::later(in_.now_unix_ms, how({i, undo}).timeout_ms));
        }
        break;
      default:
        break;
    }
  }
  if (!undo && (expired() || !state_.stuck.empty())) {
    cancel_timer(state_.deadline_timer);
    state_.deadline = flows::later(in_.now_unix_ms, def_->deadline_ms);
    set_timer(state_.deadline_timer, state_.deadline);
  }
}

void planner::skip(std::size_t step) {
  step_record& s = state_.steps[step];
  if (s.run.state == call_state::ok) {
    if (s.undo.state != call_state::ok) {
      forget(s.undo);
      s.undo.state = call_state::skipped;
      s.undo.ended = in_.now_unix_ms;
    }
  } else if (s.run.state == call_state::late || s.run.state == call_state::unknown) {
    forget(s.run);
    s.run.state = call_state::skipped;
    s.run.ended = in_.now_unix_ms;
  }
}

void planner::assume_ran(std::size_t step) {
  call_record& run = state_.steps[step].run;
  if (run.state == call_state::late || run.state == call_state::unknown) {
    forget(run);
    run.state = call_state::ok;
    run.ended = in_.now_unix_ms;
  }
}

}  // namespace spawn::plugin::saga
