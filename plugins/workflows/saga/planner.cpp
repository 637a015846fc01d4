#include "saga/planner.hpp"

#include <algorithm>

#include "flow-common/duration.hpp"

namespace spawn::plugin::saga {
namespace {

constexpr std::size_t drops_max = 512;  // what is not dropped is ignored when it comes

}  // namespace

std::optional<planner::place> planner::owner_of_call(std::uint64_t token) {
  for (std::size_t i = 0; i < state_.steps.size(); ++i) {
    for (const bool undo : {false, true}) {
      const auto& tokens = record({i, undo}).outstanding;
      if (std::ranges::find(tokens, token) != tokens.end()) {
        return place{i, undo};
      }
    }
  }
  return std::nullopt;
}

std::optional<planner::place> planner::owner_of_timer(std::uint64_t token) {
  for (std::size_t i = 0; token != 0 && i < state_.steps.size(); ++i) {
    for (const bool undo : {false, true}) {
      if (record({i, undo}).timer == token) {
        return place{i, undo};
      }
    }
  }
  return std::nullopt;
}

void planner::set_timer(std::uint64_t& slot, std::int64_t due) {
  slot = ++state_.last_token;
  timers_.push_back({slot, due});
}

void planner::cancel_timer(std::uint64_t& slot) {
  if (slot != 0) {
    drop(slot);
    slot = 0;
  }
}

void planner::drop(std::uint64_t token) {
  if (drops_.size() < drops_max) {
    drops_.push_back(token);
  }
}

void planner::forget(call_record& c) {
  cancel_timer(c.timer);
  for (const std::uint64_t token : c.outstanding) {
    drop(token);
  }
  c.outstanding.clear();
}

void planner::settle(call_record& c) {
  cancel_timer(c.timer);
  c.ended = in_.now_unix_ms;
  if (!c.outstanding.empty()) {
    c.state = call_state::late;
  } else {
    c.state = c.doubt ? call_state::unknown : call_state::failed;
  }
}

bool planner::send(place at) {
  call_record& c = record(at);
  outgoing o{{}, 0, at.step, at.undo};
  try {
    o.call = how(at).to.render(values(), text(in_.self.system));
  } catch (const flows::render_error& e) {
    c.error = flows::shortened(e.what(), error_bytes_max);
    settle(c);
    return false;
  }
  if (c.started == 0) {
    c.started = in_.now_unix_ms;
  }
  c.ended = 0;
  c.state = call_state::in_flight;
  c.attempts += 1;
  c.since_armed += 1;
  o.token = ++state_.last_token;
  c.outstanding.push_back(o.token);
  set_timer(c.timer, flows::later(in_.now_unix_ms, how(at).timeout_ms));
  calls_.push_back(std::move(o));
  return true;
}

flows::source_values& planner::values() {
  if (!values_) {
    values_.emplace();
    values_->add("input", &state_.input);
    values_->add_json("saga.id", state_.id);
    values_->add_json("saga.name", state_.name);
    for (std::size_t i = 0; i < state_.steps.size(); ++i) {
      const std::string source = "steps." + name_of(i);
      if (state_.steps[i].result_dropped) {
        values_->add_missing(source,
                             "the result of step \"" + name_of(i) + "\" was too large to be kept");
      } else {
        values_->add(source, &state_.steps[i].result);
      }
    }
  }
  return *values_;
}

void planner::be_stuck(std::string why) {
  if (state_.stuck.empty()) {
    state_.stuck = flows::shortened(why, 2 * error_bytes_max);
  }
}

void planner::finish(saga_mode mode) {
  state_.mode = mode;
  state_.ended = in_.now_unix_ms;
  cancel_timer(state_.deadline_timer);
  for (step_record& step : state_.steps) {
    forget(step.run);
    forget(step.undo);
    step.result = {};
  }
  set_timer(state_.keep_timer, flows::later(in_.now_unix_ms, def_->keep_ms));
}

void planner::begin() {
  state_.started = in_.now_unix_ms;
  state_.deadline = flows::later(in_.now_unix_ms, def_->deadline_ms);
  set_timer(state_.deadline_timer, state_.deadline);
}

void planner::flush_call(step_output& out, const outgoing& o) const {
  const step_definition& step = def_->steps[o.step];
  flows::metadata_entries metadata{{"spawn-saga-id", state_.id},
                                   {"spawn-saga-name", state_.name},
                                   {"spawn-saga-phase", o.undo ? "compensate" : "run"},
                                   {"spawn-saga-step", step.name}};
  if (how({o.step, o.undo}).retry.timeouts) {
    // Every attempt bears the same key, so that a repeat of one that did arrive is recognised.
    metadata.emplace_back("idempotency-key", "saga/" + state_.name + "/" + state_.id + "/" +
                                                 step.name + (o.undo ? "/compensate" : "/run"));
  }
  spawn_wf_command& c = flows::add_invoke(out, o.call, in_.self, metadata);
  c.mode = SPAWN_WF_WAIT;
  c.token = o.token;
}

void planner::flush(step_output& out, std::string_view scratch_before,
                    const std::string& scratch_now) {
  if (!done_ && scratch_now != scratch_before) {
    const spawn_slice bytes = out.copy(scratch_now);
    spawn_wf_command& c = out.add(SPAWN_WF_SCRATCH);
    c.bytes = bytes;
    c.schema = scratch_schema;
  }
  for (const std::uint64_t token : drops_) {
    out.add(SPAWN_WF_DROP).token = token;
  }
  for (const outgoing& o : calls_) {
    flush_call(out, o);
  }
  for (const timer& t : timers_) {
    spawn_wf_command& c = out.add(SPAWN_WF_SET_TIMER);
    c.token = t.token;
    c.due_unix_ms = t.due;
  }
}

}  // namespace spawn::plugin::saga
