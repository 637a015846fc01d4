// A turn of a virtual actor: no call to a host, but steps of the flow that its plugin runs
// (decisions D32; workflow.h "Flows"). What the steps want joins the actor's save as any turn's
// does.
#include <algorithm>
#include <array>

#include "base/hash.hpp"
#include "base/log.hpp"
#include "cell/row_end.hpp"
#include "model/failure_codes.hpp"
#include "state/rows/kernel_message.hpp"
#include "state/rows/outcome_row.hpp"
#include "wire/common.hpp"

namespace spawn {
namespace {

constexpr std::size_t callers_max = 1'024;     // requests of one flow that wait for a later step
constexpr int due_steps_max = 64;              // in one turn
constexpr std::int64_t step_again_ms = 5'000;  // a timer's step that failed

// Who is to be answered, if anybody.
bool is_awaited(const invocation& message) noexcept {
  const message_row* row = message.row.get();
  return message.reply != nullptr ||
         (row != nullptr && (row->reply || (row->awaited && !row->awaited->failures_only)));
}

std::uint64_t make_life(const cell& c) noexcept {
  const std::array<std::uint64_t, 2> of{c.birth, c.next_seq};
  return hash_bytes({reinterpret_cast<const char*>(of.data()), sizeof of}) | 1;
}

std::string any_of(const flow_state& state) {
  std::string out;
  if (state.exists()) {
    wire::append_any(out, flow_type_url, encode_flow(state));
  }
  return out;
}

}  // namespace

result<flow_state> cell_lane::flow_of(const cell& c) const {
  if (c.state_any.empty()) {
    return flow_state{};
  }
  wire::any_view any;
  if (!wire::read_any(c.state_any, any) || any.type_url != flow_type_url) {
    return fail(errc::corrupt,
                "the state of actor " + std::string(c.id().name) + " is not of a flow");
  }
  return decode_flow(any.value);
}

void cell_lane::run_flow(cell& c, invocation_ptr message) {
  auto state = flow_of(c);
  const bool tells = message->row && message->row->tells_flow();
  if (state && tells) {
    flow_told(c, *state, std::move(message));
  } else if (state) {
    flow_call(c, *state, std::move(message));
  } else if (message->row) {
    row_failed(c, std::move(message), failure_for(state.error().code), state.error().text);
  } else {
    message->fail(failure_for(state.error().code), state.error().text);
  }
}

void cell_lane::flow_call(cell& c, flow_state& state, invocation_ptr message) {
  const std::int64_t now_ms = s_.home.unix_ms();
  std::erase_if(state.callers, [&](const flow_caller& each) {
    return each.until_ms != 0 && each.until_ms < now_ms;
  });
  if (message->read_state) {
    message->action = "get";
  }
  flow_input in;
  in.self = c.id();
  in.message = message.get();
  in.new_life = make_life(c);
  const bool awaited = is_awaited(*message);
  in.call_id = awaited ? state.next_call : 0;
  if (message->reply != nullptr) {
    const std::uint64_t now = s_.home.now_ns();
    in.deadline_ms =
        now_ms + static_cast<std::int64_t>(
                     (message->deadline_ns - std::min(message->deadline_ns, now)) / ns_per_ms);
  }
  flow_output out;
  result<void> ran;
  if (awaited && state.callers.size() >= callers_max) {
    ran = fail(errc::exhausted, std::to_string(callers_max) + " requests wait for actor " +
                                    std::string(in.self.name));
  } else {
    ran = s_.flows.run(*c.def().served_by, in, state, out);
  }
  if (!ran) {
    c.type->failed.add();
    s_.stats.invocations_failed.add();
    const failure why = failure_for(ran.error().code);
    if (message->row) {
      row_failed(c, std::move(message), why, ran.error().text);
    } else {
      message->fail(why, ran.error().text);
    }
    return;
  }
  finished_turn ended;
  ended.out.route = std::move(out.route);
  if (out.own_answer) {
    ended.answer = std::move(*out.own_answer);
  } else if (awaited && !ended.out.route && !state.exists()) {
    ended.answer = outcome::failed(failure::outcome_unknown,
                                   "workflow plugin " + std::string(c.def().served_by->name()) +
                                       " neither answered nor keeps a flow");
  } else if (awaited && !ended.out.route) {
    flow_caller caller{in.call_id, {}, nullptr, 0};
    if (message->reply != nullptr) {
      caller.place = s_.out->park(*message->reply, message->deadline_ns);
      caller.until_ms = in.deadline_ms;
      ended.parked = caller.place;
      message->reply = nullptr;
    } else {
      caller.place = message->row->reply;
      caller.awaited = message->row->awaited;
      caller.until_ms =
          caller.awaited ? 0 : now_ms + static_cast<std::int64_t>(options_.request_ms_max);
    }
    state.callers.push_back(std::move(caller));
    ended.answered_later = true;
  }
  if (ended.answered_later || any_of(state) != c.state_any) {
    ++state.next_call;  // a call that left no trace leaves its number to the next
  }
  ended.message = std::move(message);
  end_flow_turn(c, state, out, std::move(ended));
}

// Something that the flow waits for. What it does not wait for any more is consumed without a step.
void cell_lane::flow_told(cell& c, flow_state& state, invocation_ptr message) {
  const message_row& row = *message->row;
  flow_output out;
  const bool is_ours = row.event && state.exists() && row.event->life == state.life;
  if (is_ours && row.kind == row_kind::flow_timer) {
    const std::int64_t reached = std::max(s_.home.unix_ms(), row.due_ms);
    std::erase_if(state.armed, [&](std::int64_t due) { return due <= reached; });
    run_due(c, state, out);
  } else if (is_ours && (!row.event->awaited || state.end_wait(row.event->token) ||
                         !options_.rules.tokens_once)) {
    flow_input in;
    in.event = row.kind == row_kind::flow_result ? SPAWN_WF_RESULT : SPAWN_WF_FAILURE;
    in.self = c.id();
    in.message = message.get();
    in.token = row.event->token;
    in.status = row.event->status;
    in.error = row.event->text;
    if (auto ran = s_.flows.run(*c.def().served_by, in, state, out); !ran) {
      row_failed(c, std::move(message), failure::unavailable, ran.error().text);
      return;
    }
  }
  finished_turn ended;
  ended.message = std::move(message);
  end_flow_turn(c, state, out, std::move(ended));
}

// Timers that are due, and calls whose time-out is. One whose step fails comes again.
void cell_lane::run_due(cell& c, flow_state& state, flow_output& out) {
  const std::int64_t now = s_.home.unix_ms();
  for (int steps = 0;
       steps < due_steps_max && state.exists() && out.sends.size() < limits::save_rows_max;
       ++steps) {
    const auto timer = std::min_element(
        state.timers.begin(), state.timers.end(),
        [](const flow_timer& a, const flow_timer& b) { return a.due_ms < b.due_ms; });
    const auto wait = std::find_if(
        state.waits.begin(), state.waits.end(),
        [&](const flow_wait& each) { return each.until_ms != 0 && each.until_ms <= now; });
    flow_input in;
    in.self = c.id();
    const bool is_timer = timer != state.timers.end() && timer->due_ms <= now;
    if (is_timer) {
      in.event = SPAWN_WF_TIMER;
      in.token = timer->token;
      state.timers.erase(timer);
    } else if (wait != state.waits.end()) {
      in.event = SPAWN_WF_FAILURE;
      in.token = wait->token;
      in.status = errc::deadline;
      in.error = "not answered in time";
      state.waits.erase(wait);
    } else {
      return;
    }
    if (auto ran = s_.flows.run(*c.def().served_by, in, state, out); !ran) {
      if (host_log_.allows(s_.home.now_ns())) {
        SPAWN_LOG(warn, "a step of a flow failed", {"actor", c.id().name},
                  {"parent", c.id().parent}, {"why", ran.error().text},
                  {"more_since_last_line", host_log_.take_held_back()});
      }
      if (is_timer) {
        state.timers.push_back({in.token, now + step_again_ms});
      } else {
        state.waits.push_back({in.token, now + step_again_ms});
      }
    }
  }
}

void cell_lane::end_flow_turn(cell& c, flow_state& state, flow_output& out, finished_turn ended) {
  for (auto& [caller, with] : out.answers) {
    if (caller.awaited) {
      if (auto told = make_outcome_row(*caller.awaited, with, c.def().policy.store, c.writer,
                                       s_.home.unix_ms())) {
        out.sends.push_back(std::move(told));
      }
    } else if (caller.place) {
      ended.answers.emplace_back(caller.place, std::move(with));
    }
  }
  const std::int64_t due = state.next_due();
  const std::int64_t at = std::max(due, s_.home.unix_ms() + 1);
  if (due != 0 && (state.armed.empty() || at < state.armed.back())) {
    out.sends.push_back(timer_row(c, state.life, at));
    state.armed.push_back(at);
  }
  std::string after = any_of(state);
  const bool changed = after != c.state_any;
  if (changed && state.exists()) {
    state.incarnation = s_.keeper.incarnation();
    after = any_of(state);
  }
  ended.ends_flow = out.done && !c.state_any.empty();
  c.state_any = std::move(after);
  ended.type = c.type;
  ended.out.sends = std::move(out.sends);
  ended.out.broadcasts = std::move(out.broadcasts);
  finish(c, std::move(ended), changed, false);
}

// A flow that is deleted answers nobody any more: other flows hear of that, and callers at once.
void cell_lane::tell_callers(cell& c, save_batch& batch, finished_turn& ended) {
  const auto state = flow_of(c);
  if (!state) {
    return;
  }
  for (const auto& caller : state->callers) {
    const outcome how = outcome::failed(failure::outcome_unknown, "the flow was deleted");
    if (!caller.awaited) {
      ended.answers.emplace_back(caller.place, how);
    } else if (auto told = make_outcome_row(*caller.awaited, how, c.def().policy.store, c.writer,
                                            s_.home.unix_ms())) {
      batch.bytes += told->charged_bytes;
      ++batch.row_ops;
      ended.out.sends.push_back(std::move(told));
    }
  }
}

// One row at a time is under way for all timers of a flow, but for those that are due sooner than
// the one before.
invocation_ptr cell_lane::timer_row(const cell& c, std::uint64_t life, std::int64_t due_ms) {
  auto out = make_kernel_message(c.id(), {});
  out->row->kind = row_kind::flow_timer;
  out->row->due_ms = due_ms;
  auto event = std::make_shared<flow_event>();
  event->life = life;
  out->row->event = std::move(event);
  return out;
}

// The first step in this life of the kernel: the plugin may know more than it did then.
void cell_lane::recover_flow(cell& c) {
  auto state = flow_of(c);
  if (!state || !state->exists() || state->incarnation == s_.keeper.incarnation()) {
    return;
  }
  flow_input in;
  in.event = SPAWN_WF_RECOVERED;
  in.self = c.id();
  flow_output out;
  if (auto ran = s_.flows.run(*c.def().served_by, in, *state, out); !ran) {
    if (host_log_.allows(s_.home.now_ns())) {
      SPAWN_LOG(warn, "a flow can not go on", {"actor", c.id().name}, {"parent", c.id().parent},
                {"why", ran.error().text}, {"more_since_last_line", host_log_.take_held_back()});
    }
    return;
  }
  finished_turn ended;
  ended.message = std::make_unique<invocation>();
  ended.message->is_internal = true;
  end_flow_turn(c, *state, out, std::move(ended));
}

}  // namespace spawn
