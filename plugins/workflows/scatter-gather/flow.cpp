#include "scatter-gather/flow.hpp"

#include <algorithm>

#include "flow-common/duration.hpp"
#include "scatter-gather/answer.hpp"

namespace spawn::plugin::scatter {
namespace {

using kind = target_record::kind;

}  // namespace

void scatter_flow::run() {
  if (in_.scratch.len != 0) {
    if (in_.scratch_schema == scratch_schema) {
      state_ = decode(in_.scratch);
    }
    if (!state_) {
      out_.fail(SPAWN_E_INVALID, "scatter-gather: the scratch can not be read");
      return;
    }
  }
  if (in_.event == SPAWN_WF_CALL) {
    call();
  } else if (state_) {
    event();
  }
}

void scatter_flow::event() {
  if (in_.event == SPAWN_WF_TIMER && in_.token == keep_token) {
    forgets_ = state_->has_ended();
  } else if (!state_->has_ended()) {
    const bool outcome = in_.event == SPAWN_WF_RESULT || in_.event == SPAWN_WF_FAILURE;
    if (outcome && in_.token >= 1 && in_.token <= state_->targets.size()) {
      target_record& t = state_->targets[in_.token - 1];
      if (t.state == kind::pending) {
        if (in_.event == SPAWN_WF_RESULT) {
          record_result(t, in_.token);
        } else {
          record_failure(t);
        }
        judge();
      }
    } else if (in_.event == SPAWN_WF_TIMER && in_.token == timeout_token) {
      end(gather_state::timed_out);
    } else if (in_.event == SPAWN_WF_CANCEL) {
      end(gather_state::cancelled);
    }
  }
  finish(answer_with::nothing);
}

void scatter_flow::record_result(target_record& t, std::size_t index) {
  std::size_t room = results_bytes_max;
  for (const target_record& other : state_->targets) {
    room -= std::min(room, other.result.size());
  }
  if (flows::size_of(in_.response) > std::min(room, result_bytes_max)) {
    t.state = kind::failed;
    t.code = SPAWN_E_TOO_LARGE;
    t.error = "its result is larger than there is room for";
    return;
  }
  t.state = kind::ok;
  t.result = flows::copy_of(in_.response);
  if (state_->first == 0) {
    state_->first = index;
  }
}

void scatter_flow::record_failure(target_record& t) {
  t.state = kind::failed;
  t.code = in_.status == SPAWN_OK ? SPAWN_E_INTERNAL : in_.status;
  t.error = flows::shortened(text(in_.error), error_bytes_max);
}

void scatter_flow::judge() {
  const std::size_t good = state_->count(kind::ok);
  const std::size_t open = state_->count(kind::pending);
  if (good >= state_->quorum && (state_->rule != quorum_rule::kind::all || open == 0)) {
    end(gather_state::complete);
  } else if (open == 0 ||
             (state_->rule != quorum_rule::kind::all && good + open < state_->quorum)) {
    end(gather_state::partial);
  }
}

void scatter_flow::end(gather_state state) {
  state_->state = state;
  state_->ended = in_.now_unix_ms;
  ended_now_ = true;
}

void scatter_flow::call() {
  const std::string_view action = text(in_.action);
  std::optional<refusal> no;
  answer_with answer = answer_with::status;
  if (action == "start" || action == "gather") {
    no = start();
  } else if (!state_) {
    no = refusal{SPAWN_E_NOT_FOUND, "scatter " + def_.name + " \"" +
                                        std::string(text(in_.self.name)) + "\" was never started"};
  } else if (action == "cancel") {
    if (!state_->has_ended()) {
      end(gather_state::cancelled);
    }
  } else if (action != "await" && action != "status" && action != "get" && !action.empty()) {
    no = refusal{SPAWN_E_UNSUPPORTED,
                 "a scatter has the actions gather, start, await, status and cancel, not \"" +
                     std::string(flows::shortened(action, 64)) + "\""};
  }
  if (!no && (action == "await" || action == "gather")) {
    answer = state_->has_ended() ? answer_with::outcome : answer_with::nothing;
    if (!state_->has_ended() && !state_->waiters.add(in_)) {
      no = refusal{SPAWN_E_EXHAUSTED, std::to_string(flows::waiters_max) + " callers wait already"};
    }
  }
  if (no) {
    flows::refuse(out_, in_.call_id, no->code, no->why);
    return;
  }
  finish(answer);
}

std::optional<scatter_flow::refusal> scatter_flow::start() {
  if (flows::size_of(in_.request) > input_bytes_max) {
    return refusal{SPAWN_E_TOO_LARGE,
                   "the input is larger than " + std::to_string(input_bytes_max) + " bytes"};
  }
  flows::any_payload input = flows::copy_of(in_.request);
  if (input.presence == SPAWN_P_UNSET) {
    input.presence = SPAWN_P_NOOP;
  }
  if (state_) {
    if (!flows::same_content(input, state_->input)) {
      return refusal{SPAWN_E_CONFLICT, "scatter " + state_->name + " \"" + state_->id +
                                           "\" was started with another input"};
    }
    return std::nullopt;
  }
  state_.emplace();
  state_->name = def_.name;
  state_->id = text(in_.self.name);
  state_->input = std::move(input);
  state_->started = in_.now_unix_ms;
  state_->keep_ms = def_.keep_ms;
  try {
    unfold();
  } catch (const flows::render_error& e) {
    state_.reset();
    return refusal{SPAWN_E_INVALID, e.what()};
  }
  state_->rule = def_.quorum.what;
  state_->quorum = def_.quorum.of(state_->targets.size());
  if (def_.quorum.what == quorum_rule::kind::count && state_->quorum > state_->targets.size()) {
    const std::string targets = std::to_string(state_->targets.size());
    state_.reset();
    return refusal{SPAWN_E_INVALID, "scatter " + def_.name + ": of " + targets + " targets " +
                                        std::to_string(def_.quorum.number) + " can not succeed"};
  }
  started_now_ = true;
  judge();
  return std::nullopt;
}

void scatter_flow::unfold() {
  flows::source_values values;
  values.add("input", &state_->input);
  values.add_json("scatter.id", state_->id);
  values.add_json("scatter.name", state_->name);
  for (const target_definition& t : def_.targets) {
    if (!t.each) {
      add_target(t, t.name, values);
      continue;
    }
    const flows::json items = t.each->value(values);
    if (!items.is_array()) {
      throw flows::render_error(t.each->path() + ": is not a list");
    }
    for (std::size_t i = 0; i < items.size(); ++i) {
      values.add_json("item", items[i]);
      add_target(t, t.name + "." + std::to_string(i), values);
    }
  }
  if (def_.then) {
    state_->then = def_.then->render(values, text(in_.self.system));
  }
}

void scatter_flow::add_target(const target_definition& from, std::string name,
                              flows::source_values& values) {
  if (state_->targets.size() == targets_max) {
    throw flows::render_error("more than " + std::to_string(targets_max) + " targets");
  }
  calls_.push_back({from.to.render(values, text(in_.self.system)), state_->targets.size()});
  state_->targets.emplace_back().name = std::move(name);
}

void scatter_flow::flush_calls() {
  for (const outgoing& o : calls_) {
    spawn_wf_command& c =
        flows::add_invoke(out_, o.call, in_.self,
                          {{"spawn-scatter-id", state_->id},
                           {"spawn-scatter-name", state_->name},
                           {"spawn-scatter-target", state_->targets[o.target].name}});
    c.mode = SPAWN_WF_WAIT;
    c.token = o.target + 1;
  }
  if (started_now_ && !state_->has_ended()) {
    spawn_wf_command& c = out_.add(SPAWN_WF_SET_TIMER);
    c.token = timeout_token;
    c.due_unix_ms = flows::later(in_.now_unix_ms, def_.timeout_ms);
  }
}

void scatter_flow::finish(answer_with caller) {
  const std::vector<std::uint64_t> answered =
      state_->has_ended() ? state_->waiters.take() : std::vector<std::uint64_t>{};
  const std::string now = encode(*state_);
  if (now.size() > flows::scratch_bytes_max) {
    out_.fail(SPAWN_E_TOO_LARGE,
              "scatter-gather: the scratch would have " + std::to_string(now.size()) + " bytes");
    return;
  }
  if (!forgets_ && now != text(in_.scratch)) {
    const spawn_slice bytes = out_.copy(now);
    spawn_wf_command& c = out_.add(SPAWN_WF_SCRATCH);
    c.bytes = bytes;
    c.schema = scratch_schema;
  }
  flush_calls();
  if (ended_now_) {
    if (!started_now_ && !(in_.event == SPAWN_WF_TIMER && in_.token == timeout_token)) {
      out_.add(SPAWN_WF_DROP).token = timeout_token;
    }
    for (std::size_t i = 0; i < state_->targets.size(); ++i) {
      if (state_->targets[i].state == kind::pending) {
        out_.add(SPAWN_WF_DROP).token = i + 1;
      }
    }
    spawn_wf_command& keep = out_.add(SPAWN_WF_SET_TIMER);
    keep.token = keep_token;
    keep.due_unix_ms = flows::later(in_.now_unix_ms, state_->keep_ms);
    if (state_->then) {
      state_->then->payload = outcome(*state_);
      flows::add_invoke(out_, *state_->then, in_.self,
                        {{"spawn-scatter-id", state_->id}, {"spawn-scatter-name", state_->name}})
          .mode = SPAWN_WF_DETACH;
    }
  }
  for (const std::uint64_t call_id : answered) {
    answer(*state_, call_id, out_);
  }
  if (caller == answer_with::outcome) {
    answer(*state_, in_.call_id, out_);
  } else if (caller == answer_with::status) {
    flows::reply(out_, in_.call_id, flows::json_payload(gathered(*state_)));
  }
  if (forgets_) {
    out_.add(SPAWN_WF_DONE);
  }
}

}  // namespace spawn::plugin::scatter
