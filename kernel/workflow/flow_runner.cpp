#include "workflow/flow_runner.hpp"

#include <algorithm>
#include <iterator>

#include "base/limits.hpp"
#include "model/failure_codes.hpp"
#include "state/rows/kernel_message.hpp"

namespace spawn {
namespace {

constexpr std::size_t tokens_max = 2'048;  // calls and timers that are out at a time

payload_view request_of(const flow_input& in) noexcept {
  return in.message != nullptr && in.event == SPAWN_WF_CALL ? in.message->argument : payload_view{};
}

payload_view response_of(const flow_input& in) noexcept {
  return in.message != nullptr && in.event == SPAWN_WF_RESULT ? in.message->argument
                                                              : payload_view{};
}

std::int64_t until_of(const spawn_wf_command& command, std::int64_t now_ms) noexcept {
  constexpr std::uint64_t longest_ms = 10ull * 365 * 86'400 * 1'000;
  return command.timeout_ms == 0
             ? 0
             : now_ms + static_cast<std::int64_t>(std::min(command.timeout_ms, longest_ms));
}

// The outcome of a call that can not be made, from the flow to itself.
invocation_ptr still_born(actor_view self, std::uint64_t life, std::uint64_t token, bool waits,
                          const error& why) {
  auto out = make_kernel_message(self, {});
  auto event = std::make_shared<flow_event>();
  event->life = life;
  event->token = token;
  event->awaited = waits;
  event->status = errc::invalid;
  event->text = std::string(facts(failure::invalid_argument).code) + ": " + why.text;
  out->row->kind = row_kind::failure;
  out->row->event = std::move(event);
  return out;
}

error refused(std::string_view plugin, std::string_view why) {
  return {errc::internal, 0,
          "workflow plugin " + std::string(plugin) + " gave a command " + std::string(why)};
}

}  // namespace

// The state as it is after the commands taken so far.
struct flow_runner::draft {
  flow_state state;
  flow_output out;
};

result<void> flow_runner::run(workflow_port& port, const flow_input& in, flow_state& state,
                              flow_output& out) {
  if (state.exists() && !port.accepts_scratch(state.schema)) {
    return fail(errc::unavailable, "workflow plugin " + std::string(port.name()) +
                                       " does not read scratches of version " +
                                       std::to_string(state.schema) + ", which this flow has");
  }
  draft to{state, {}};
  std::vector<spawn_kv> metadata;
  step_op& step = steps_.begin();
  auto& raw = step.raw;
  raw.event = in.event;
  raw.attempt = in.message != nullptr && in.message->row ? in.message->row->attempts + 1 : 1;
  raw.flow_id = state.life;
  raw.call_id = in.call_id;
  raw.token = in.token;
  raw.self = ref_of(in.self);
  if (in.message != nullptr && in.event == SPAWN_WF_CALL) {
    metadata = abi_metadata(*in.message);
    raw.caller = in.message->has_caller ? ref_of(in.message->caller) : spawn_actor_ref{};
    raw.action = slice_of(in.message->action);
    raw.hops = in.message->hops;
  }
  raw.request = abi_payload(request_of(in));
  raw.response = abi_payload(response_of(in));
  raw.metadata = metadata.data();
  raw.n_metadata = static_cast<std::uint32_t>(metadata.size());
  raw.status = static_cast<spawn_status>(in.status);
  raw.error = slice_of(in.error);
  raw.scratch_schema = state.schema;
  raw.scratch = slice_of(state.scratch);
  raw.deadline_unix_ms = in.deadline_ms;
  SPAWN_CHECK(steps_.run(
      port, step, "workflow " + std::string(port.name()),
      [&](const spawn_wf_command& command) { return take(in, command, port.name(), to); }));
  if (to.out.route && to.out.own_answer) {
    return fail(errc::invalid,
                "workflow plugin " + std::string(port.name()) + " answers a request and routes it");
  }
  state = std::move(to.state);
  std::move(to.out.sends.begin(), to.out.sends.end(), std::back_inserter(out.sends));
  std::move(to.out.broadcasts.begin(), to.out.broadcasts.end(), std::back_inserter(out.broadcasts));
  std::move(to.out.answers.begin(), to.out.answers.end(), std::back_inserter(out.answers));
  if (to.out.route) {
    out.route = std::move(to.out.route);
  }
  if (to.out.own_answer) {
    out.own_answer = std::move(to.out.own_answer);
  }
  out.done = to.out.done;
  return {};
}

result<void> flow_runner::take(const flow_input& in, const spawn_wf_command& command,
                               std::string_view plugin, draft& to) {
  flow_state& state = to.state;
  if (to.out.done) {
    return fail(refused(plugin, "behind DONE"));
  }
  const bool needs_flow =
      command.kind == SPAWN_WF_SET_TIMER ||
      (command.kind == SPAWN_WF_INVOKE &&
       (command.mode == SPAWN_WF_WAIT || (command.flags & SPAWN_WF_WANT_FAILURE) != 0));
  if (needs_flow && !state.exists()) {
    return fail(refused(plugin, "that waits, before a SCRATCH"));
  }
  if (needs_flow && state.waits.size() + state.timers.size() >= tokens_max) {
    return fail(errc::too_large, "workflow plugin " + std::string(plugin) +
                                     " waits for more than " + std::to_string(tokens_max) +
                                     " things");
  }
  switch (command.kind) {
    case SPAWN_WF_SCRATCH:
      if (command.bytes.len > limits::flow_scratch_bytes_max) {
        return fail(errc::too_large, "workflow plugin " + std::string(plugin) +
                                         " keeps a scratch of " +
                                         std::to_string(command.bytes.len) + " bytes");
      }
      state.life = state.exists() ? state.life : in.new_life;
      state.schema = command.schema;
      state.scratch = view_of(command.bytes);
      return {};
    case SPAWN_WF_SET_TIMER:
      state.timers.push_back({command.token, std::max<std::int64_t>(command.due_unix_ms, 1)});
      return {};
    case SPAWN_WF_DROP:
      state.drop(command.token);
      return {};
    case SPAWN_WF_INVOKE:
      return take_invoke(in, command, to);
    case SPAWN_WF_BROADCAST:
      to.out.broadcasts.push_back(
          make_broadcast(command, in.self, request_of(in), response_of(in),
                         in.message != nullptr ? in.message->trace : trace_context{}));
      return {};
    case SPAWN_WF_REPLY:
    case SPAWN_WF_FAIL:
      return take_answer(in, command, to);
    case SPAWN_WF_DONE:
      // Who waits in this kernel does so until the deadline; a flow is told.
      for (auto& caller : state.callers) {
        if (caller.awaited) {
          to.out.answers.emplace_back(
              std::move(caller),
              outcome::failed(failure::outcome_unknown, "the flow ended without an answer"));
        }
      }
      state = {};
      to.out.done = true;
      return {};
    default:
      return fail(refused(plugin, "of kind " + std::to_string(command.kind)));
  }
}

result<void> flow_runner::take_invoke(const flow_input& in, const spawn_wf_command& command,
                                      draft& to) {
  if (to.out.sends.size() >= limits::in_force.commands_per_turn) {
    return fail(errc::too_large, "a step sends more than " +
                                     std::to_string(limits::in_force.commands_per_turn) +
                                     " messages");
  }
  const bool waits = command.mode == SPAWN_WF_WAIT;
  const bool wants = waits || (command.flags & SPAWN_WF_WANT_FAILURE) != 0;
  if (waits) {
    to.state.waits.push_back({command.token, until_of(command, steps_.home().unix_ms())});
  }
  auto sent = make_invocation(command, request_of(in), response_of(in),
                              in.message != nullptr ? in.message->trace : trace_context{}, budget_);
  if (!sent && wants) {
    to.out.sends.push_back(still_born(in.self, to.state.life, command.token, waits, sent.error()));
    return {};
  }
  if (!sent) {
    return fail(std::move(sent.error()));
  }
  invocation_ptr made = std::move(*sent);
  const std::uint32_t hops =
      in.event == SPAWN_WF_CALL && in.message != nullptr ? in.message->hops : 0;
  made->hops = hops;
  if (command.mode == SPAWN_WF_ROUTE) {
    if (in.event != SPAWN_WF_CALL || to.out.route) {
      return fail(errc::invalid, "a step routes a response that it does not have");
    }
    made->hops = hops + 1;
    made->deadline_ns = in.message->deadline_ns;
    to.out.route = std::move(made);
    return {};
  }
  if (wants) {
    auto awaited = std::make_shared<awaited_by>();
    awaited->flow = actor_id(in.self);
    awaited->life = to.state.life;
    awaited->token = command.token;
    awaited->failures_only = !waits;
    made->row = std::make_unique<message_row>();
    made->row->kind = row_kind::flow_invoke;
    made->row->awaited = std::move(awaited);
  }
  to.out.sends.push_back(std::move(made));
  return {};
}

result<void> flow_runner::take_answer(const flow_input& in, const spawn_wf_command& command,
                                      draft& to) {
  outcome with =
      command.kind == SPAWN_WF_REPLY
          ? outcome::done(kernel_payload(command.payload, request_of(in), response_of(in)))
          : outcome::failed(failure_for(static_cast<errc>(command.code)),
                            std::string(view_of(command.bytes)));
  if (command.kind == SPAWN_WF_FAIL && with.ok()) {
    with = outcome::failed(failure::internal, std::string(view_of(command.bytes)));
  }
  if (command.reply_to == in.call_id && in.call_id != 0) {
    to.out.own_answer = std::move(with);
    return {};
  }
  auto& callers = to.state.callers;
  const auto found = std::find_if(callers.begin(), callers.end(), [&](const flow_caller& each) {
    return each.call_id == command.reply_to;
  });
  if (found != callers.end()) {  // else nobody waits any more
    to.out.answers.emplace_back(std::move(*found), std::move(with));
    callers.erase(found);
  }
  return {};
}

}  // namespace spawn
