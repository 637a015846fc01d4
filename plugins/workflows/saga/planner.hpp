// planner: what one step does to one saga. An event first changes the records of calls, whatever
// the definition says (outcomes.cpp); advance() then looks at all records and decides what happens
// next (forward.cpp, backward.cpp). flush() gives the result as commands: SCRATCH first, so that a
// call is on record before it leaves. Lives for one step; borrows everything.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "saga/definition.hpp"
#include "saga/state.hpp"

namespace spawn::plugin::saga {

class planner {
 public:
  // Without a definition (it was changed and not kept under `earlier`) outcomes are recorded and
  // nothing is sent.
  planner(const spawn_wf_step& in, saga_state& state, const definition* def)
      : in_(in), state_(state), def_(def) {}

  // --- events
  void begin();
  void on_result();
  void on_failure();
  void on_timer();
  void advance();

  // --- an operator's decisions; each is followed by advance()
  void cancel() { state_.cancelled = true; }
  void give_up(std::string_view cause);  // from now on backward
  void rearm();
  void skip(std::size_t step);  // its compensation, or the wait for its outcome, is settled
  void assume_ran(std::size_t step);

  [[nodiscard]] bool past_pivot() const;
  [[nodiscard]] bool ends() const { return done_; }  // the flow is to be forgotten
  void flush(step_output& out, std::string_view scratch_before, const std::string& scratch_now);

 private:
  struct outgoing {
    flows::rendered_call call;
    std::uint64_t token = 0;
    std::size_t step = 0;
    bool undo = false;
  };
  struct timer {
    std::uint64_t token = 0;
    std::int64_t due = 0;
  };
  struct place {
    std::size_t step = 0;
    bool undo = false;
  };

  // forward.cpp
  void go_forward();
  bool all_ok(const step_group& group) const;
  bool may_go_on(const step_group& group);
  void judge_committed(std::size_t step);
  void judge_pivot(std::size_t step);
  bool send_idle(const step_group& group);
  // backward.cpp
  void go_backward();
  bool undo_group(const step_group& group, bool& waiting, bool& doubtful);
  bool undo_step(std::size_t step, bool& waiting);
  // outcomes.cpp
  void keep_result(step_record& step, std::size_t index);
  void retry_or_settle(place at, bool allowed_by_outcome);
  bool may_retry(place at) const;
  // planner.cpp
  call_record& record(place at) {
    return at.undo ? state_.steps[at.step].undo : state_.steps[at.step].run;
  }
  const call_definition& how(place at) const {
    return at.undo ? *def_->steps[at.step].undo : def_->steps[at.step].run;
  }
  std::optional<place> owner_of_call(std::uint64_t token);
  std::optional<place> owner_of_timer(std::uint64_t token);
  bool send(place at);  // false: it could not be filled in and counts as failed
  void settle(call_record& c);
  void set_timer(std::uint64_t& slot, std::int64_t due);
  void cancel_timer(std::uint64_t& slot);
  void drop(std::uint64_t token);
  void forget(call_record& c);  // its attempts and its timer
  void be_stuck(std::string why);
  void finish(saga_mode mode);
  flows::source_values& values();
  [[nodiscard]] bool expired() const { return in_.now_unix_ms >= state_.deadline; }
  [[nodiscard]] const std::string& name_of(std::size_t step) const {
    return def_->steps[step].name;
  }
  void flush_call(step_output& out, const outgoing& o) const;

  const spawn_wf_step& in_;
  saga_state& state_;
  const definition* def_;
  std::optional<flows::source_values> values_;
  std::vector<outgoing> calls_;
  std::vector<timer> timers_;
  std::vector<std::uint64_t> drops_;
  bool done_ = false;
};

}  // namespace spawn::plugin::saga
