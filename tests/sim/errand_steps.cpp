#include "sim/errand_steps.hpp"

#include <algorithm>

#include "base/hash.hpp"
#include "sim/errand.hpp"
#include "sim/errand_commands.hpp"
#include "sim/messages.hpp"

namespace sim {
namespace {

using at = errand_progress::at;
using kind = errand_step::kind;

constexpr std::uint64_t farewell_ms = 200;
constexpr std::uint64_t again_ms = 30;

class errand_run {
 public:
  explicit errand_run(spawn_wf_step& step) : step_(step) {
    const auto scratch = spawn::view_of(step.scratch);
    exists_ = !scratch.empty();
    if (exists_) {
      state_ = decode_errand(scratch);
    }
  }

  void run() {
    switch (step_.event) {
      case SPAWN_WF_CALL:
        called();
        break;
      case SPAWN_WF_RESULT:
      case SPAWN_WF_FAILURE:
        told();
        break;
      case SPAWN_WF_TIMER:
        timer();
        break;
      default:
        break;
    }
    if (begins_ || (exists_ && !over_ && encode_errand(state_) != spawn::view_of(step_.scratch))) {
      put_scratch();
    }
    if (over_) {
      out_->add(SPAWN_WF_DONE);
    }
    give(std::move(out_), step_);
  }

 private:
  void put_scratch() { out_->put_scratch(encode_errand(state_), errand_schema); }
  void reply(std::uint64_t call, errand_answer with) {
    out_->reply(call, encode_errand_answer(with));
  }
  std::uint64_t set_timer(std::uint64_t after_ms) {
    out_->set_timer(++state_.last_token, step_.now_unix_ms + static_cast<std::int64_t>(after_ms));
    return state_.last_token;
  }
  void drop(std::uint64_t& token) {
    if (token != 0) {
      out_->add(SPAWN_WF_DROP).token = token;
      token = 0;
    }
  }

  void called();
  void begin();
  void told();
  void told_of_undo(errand_progress& of);
  void timer();
  void send(std::size_t which);
  void go_on();
  void turn_back();
  void go_back();
  void finish(errand_end how);

  spawn_wf_step& step_;
  std::unique_ptr<errand_commands> out_ = std::make_unique<errand_commands>();
  errand_state state_;
  bool exists_ = false;
  bool begins_ = false;
  bool over_ = false;
};

void errand_run::called() {
  const auto action = spawn::view_of(step_.action);
  if (action == "ask") {
    const part asked = decode_part(spawn::view_of(step_.request.value));
    auto& c = out_->invoke(step_.self.system, asked.to, SPAWN_WF_ROUTE, 0);
    c.payload.value = out_->keep(id_bytes(asked.id));
  } else if (action == "await" || action == "get") {
    if (!exists_ || state_.phase == errand_phase::ended || step_.call_id == 0) {
      reply(step_.call_id, {exists_ ? state_.plan.number : 0, state_.end});
    } else {
      state_.callers.push_back(step_.call_id);
    }
  } else if (action == "stop") {
    for (const auto call : state_.callers) {
      out_->refuse(call, SPAWN_E_CANCELLED, "it was stopped");
    }
    reply(step_.call_id, {exists_ ? state_.plan.number : 0, errand_end::none});
    over_ = exists_;
  } else if (exists_) {
    const auto asked = decode_plan(spawn::view_of(step_.request.value));
    state_.strange = asked.number == state_.plan.number ? asked.number : state_.strange;
    out_->refuse(step_.call_id, SPAWN_E_CONFLICT, "another errand has this name");
  } else {
    begin();
  }
}

void errand_run::begin() {
  begins_ = true;
  state_.plan = decode_plan(spawn::view_of(step_.request.value));
  state_.steps.resize(state_.plan.steps.size());
  if (spawn::view_of(step_.action) == "run" && step_.call_id != 0) {
    state_.callers.push_back(step_.call_id);
  } else {
    reply(step_.call_id, {state_.plan.number, errand_end::none});
  }
  if (state_.plan.patience_ms != 0) {
    state_.patience = set_timer(state_.plan.patience_ms);
  }
  for (std::size_t i = 0; i < state_.steps.size(); ++i) {
    if (state_.plan.steps[i].what == kind::note) {
      send(i);
    }
  }
  go_on();
}

void errand_run::told() {
  const auto of = std::find_if(state_.steps.begin(), state_.steps.end(), [&](const auto& each) {
    return each.step == at::out && each.token == step_.token;
  });
  const auto undone = std::find_if(state_.steps.begin(), state_.steps.end(), [&](const auto& each) {
    return each.undo == at::out && each.undo_token == step_.token;
  });
  if (undone != state_.steps.end()) {
    told_of_undo(*undone);
    return;
  }
  if (of == state_.steps.end()) {
    state_.strange = step_.token;
    return;
  }
  const bool maybe = step_.status == SPAWN_E_DEADLINE || step_.status == SPAWN_E_UNKNOWN_OUTCOME;
  of->step = step_.event == SPAWN_WF_RESULT ? at::done : maybe ? at::doubtful : at::failed;
  const auto said = spawn::view_of(step_.response.value);
  if (step_.event == SPAWN_WF_RESULT && said.size() == sizeof(entry)) {
    of->told = entries_in(said).front();
  }
  const auto which = static_cast<std::size_t>(of - state_.steps.begin());
  if (state_.phase == errand_phase::forward && state_.plan.steps[which].what != kind::note) {
    go_on();
  }
}

// Until it has taken effect.
void errand_run::told_of_undo(errand_progress& of) {
  if (step_.event == SPAWN_WF_RESULT) {
    of.undo = at::done;
    go_back();
  } else {
    of.undo = at::idle;
    state_.again = set_timer(again_ms);
  }
}

void errand_run::timer() {
  const auto is = [&](std::uint64_t& token) {
    return token == step_.token && std::exchange(token, 0) != 0;
  };
  if (is(state_.pause)) {
    go_on();
  } else if (is(state_.patience)) {
    turn_back();
  } else if (is(state_.again)) {
    go_back();
  } else if (is(state_.farewell)) {
    over_ = true;
  } else {
    state_.strange = step_.token;
  }
}

void errand_run::send(std::size_t which) {
  const errand_step& what = state_.plan.steps[which];
  errand_progress& of = state_.steps[which];
  of.step = at::out;
  of.token = ++state_.last_token;
  auto& c = out_->invoke(step_.self.system, what.to,
                         what.what == kind::note ? SPAWN_WF_DETACH : SPAWN_WF_WAIT, of.token);
  c.timeout_ms = what.timeout_ms;
  if (what.what == kind::note) {
    c.flags = SPAWN_WF_WANT_FAILURE;
  }
  if (what.what == kind::child) {
    c.to.parent = spawn::slice_of(errand_parent);
    c.action = spawn::slice_of("run");
  }
  c.payload.value = out_->keep(what.what == kind::child ? what.plan : id_bytes(what.id));
}

// Forward: the next step, or all that are left.
void errand_run::go_on() {
  bool any_out = false;
  bool any_failed = false;
  bool any_gone = false;
  std::size_t next = state_.steps.size();
  for (std::size_t i = 0; i < state_.steps.size(); ++i) {
    const at now = state_.steps[i].step;
    if (state_.plan.steps[i].what == kind::note) {
      continue;
    }
    any_out = any_out || now == at::out;
    any_failed = any_failed || now == at::failed || now == at::doubtful;
    any_gone = any_gone || now != at::idle;
    next = now == at::idle ? std::min(next, i) : next;
  }
  if (any_out) {
    return;
  }
  if (any_failed) {
    turn_back();
    return;
  }
  if (next == state_.steps.size()) {
    finish(errand_end::completed);
    return;
  }
  if (any_gone && state_.plan.pause_ms != 0 && step_.event != SPAWN_WF_TIMER) {
    state_.pause = set_timer(state_.plan.pause_ms);
    return;
  }
  for (std::size_t i = next; i < (state_.plan.scatters ? state_.steps.size() : next + 1); ++i) {
    if (state_.plan.steps[i].what != kind::note) {
      send(i);
    }
  }
}

// What is still out is forgotten: it may take effect, now or later.
void errand_run::turn_back() {
  state_.phase = errand_phase::back;
  drop(state_.patience);
  drop(state_.pause);
  for (std::size_t i = 0; i < state_.steps.size(); ++i) {
    if (state_.steps[i].step == at::out && state_.plan.steps[i].what != kind::note) {
      state_.steps[i].step = at::doubtful;
      drop(state_.steps[i].token);
    }
  }
  go_back();
}

// The last first, one after the other.
void errand_run::go_back() {
  for (std::size_t i = state_.steps.size(); i-- > 0;) {
    errand_progress& of = state_.steps[i];
    const bool counts = of.step == at::done || of.step == at::doubtful;
    if (!counts || state_.plan.steps[i].what != kind::call || of.undo == at::done) {
      continue;
    }
    of.undo = at::out;
    of.undo_token = ++state_.last_token;
    auto& c =
        out_->invoke(step_.self.system, state_.plan.steps[i].to, SPAWN_WF_WAIT, of.undo_token);
    c.payload.value = out_->keep(id_bytes(state_.plan.steps[i].undo));
    return;
  }
  finish(errand_end::undone);
}

void errand_run::finish(errand_end how) {
  state_.phase = errand_phase::ended;
  state_.end = how;
  for (const auto call : std::exchange(state_.callers, {})) {
    if (how == errand_end::completed) {
      reply(call, {state_.plan.number, how});
    } else {
      out_->refuse(call, SPAWN_E_ABORTED, "it turned back");
    }
  }
  drop(state_.patience);
  over_ = state_.plan.ends_at_once;
  if (!over_) {
    state_.farewell = set_timer(farewell_ms);
  }
}

}  // namespace

void run_errand_step(spawn_wf_step& step) {
  const std::uint64_t seed = static_cast<std::uint64_t>(step.now_unix_ms) ^ step.token << 32;
  if (spawn::hash_bytes({reinterpret_cast<const char*>(&seed), sizeof seed}) % 24 == 0) {
    step.op.status = SPAWN_E_EXHAUSTED;
    return;
  }
  errand_run(step).run();
  step.op.status = SPAWN_OK;
}

}  // namespace sim
