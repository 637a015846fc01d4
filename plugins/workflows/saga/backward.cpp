// The way back: what succeeded is undone, the last group first, members of a group together.
//
// A call within its time-out holds up the groups before it. One that is late does not: it may take
// long, and the steps before it are to be undone in any case. Its own compensation follows when its
// outcome is known, and only then the saga ends.
#include "saga/planner.hpp"

namespace spawn::plugin::saga {

void planner::give_up(std::string_view cause) {
  state_.mode = saga_mode::backward;
  state_.cause = flows::shortened(cause, 2 * error_bytes_max);
  state_.stuck.clear();
  cancel_timer(state_.deadline_timer);
}

void planner::go_backward() {
  bool waiting = false, doubtful = false;
  for (std::size_t i = def_->groups.size(); i-- > 0;) {
    if (!undo_group(def_->groups[i], waiting, doubtful)) {
      return;
    }
  }
  if (waiting) {
    return;
  }
  if (!doubtful) {
    finish(saga_mode::compensated);
    return;
  }
  for (std::size_t i = 0; i < state_.steps.size(); ++i) {
    if (state_.steps[i].run.state == call_state::unknown) {
      be_stuck("whether step \"" + name_of(i) +
               "\" took effect is not known: " + state_.steps[i].run.error);
    }
  }
}

// True if the groups before this one may be undone.
bool planner::undo_group(const step_group& group, bool& waiting, bool& doubtful) {
  bool free = true;
  for (std::size_t i = group.first; i < group.first + group.count; ++i) {
    call_record& run = state_.steps[i].run;
    if (run.state == call_state::backoff || (run.state == call_state::idle && run.attempts > 0)) {
      settle(run);
    }
    switch (run.state) {
      case call_state::in_flight:
        free = false;
        break;
      case call_state::late:
        waiting = true;
        break;
      case call_state::unknown:
        doubtful = true;
        break;
      case call_state::ok:
        free = undo_step(i, waiting) && free;
        break;
      default:
        break;
    }
  }
  return free;
}

bool planner::undo_step(std::size_t step, bool& waiting) {
  if (!def_->steps[step].undo) {
    return true;
  }
  call_record& undo = state_.steps[step].undo;
  if (undo.state == call_state::idle) {
    // A repeat that arrived after the compensation would do the work anew.
    if (!state_.steps[step].run.outstanding.empty()) {
      waiting = true;
      return true;
    }
    (void)send({step, true});
  }
  switch (undo.state) {
    case call_state::ok:
    case call_state::skipped:
      return true;
    case call_state::failed:
    case call_state::unknown:
    case call_state::late:
      be_stuck("the compensation of step \"" + name_of(step) + "\": " + undo.error);
      return false;
    default:
      return false;
  }
}

}  // namespace spawn::plugin::saga
