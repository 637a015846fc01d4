#include "workflow/engine.hpp"

#include "base/hash.hpp"
#include "base/limits.hpp"
#include "model/channel_name.hpp"
#include "state/rows/kernel_message.hpp"
#include "state/rows/row_keys.hpp"

namespace spawn {
namespace {

// Names a part for ever, also if its turn is run again: a row by its id, a request by a number.
std::uint64_t part_id(lane& home, invocation& request, std::size_t index) {
  if (request.part_seed == 0) {
    request.part_seed = request.row ? hash_bytes(row_id(*request.row)) | 1 : home.rng().next() | 1;
  }
  const std::uint64_t id = request.part_seed + index;
  return id != 0 ? id : 1;
}

}  // namespace

broadcast_order make_broadcast(const spawn_wf_command& command, actor_view self,
                               payload_view request, payload_view response,
                               const trace_context& trace) {
  broadcast_order order;
  order.system = self.system;
  order.channel = view_of(command.channel);
  order.action = view_of(command.action);
  order.argument = kernel_payload(command.payload, request, response);
  order.has_caller = true;
  order.caller = actor_id(self);
  order.trace = trace;
  return order;
}

workflow_engine::workflow_engine(lane& home, std::span<workflow_port* const> ports,
                                 byte_budget& budget, const sink_directory* sinks)
    : lane_(home), budget_(budget), sinks_(sinks), steps_(home) {
  for (workflow_port* port : ports) {
    for (const auto& type : port->part_types()) {
      by_part_.emplace(type, port);
    }
  }
}

result<emission> workflow_engine::run(const workflow_turn& turn) {
  emission out;
  std::size_t index = 0;
  for (const auto& part : turn.parts) {
    SPAWN_CHECK(run_part(turn, part, part_id(lane_, turn.request, index++), out));
  }
  return out;
}

result<void> workflow_engine::run_part(const workflow_turn& turn, const wire::workflow_part& part,
                                       std::uint64_t id, emission& out) {
  const auto found = by_part_.find(part.type);
  if (found == by_part_.end()) {
    return fail(errc::unsupported,
                "no workflow plugin serves \"" + std::string(part.type) + "\" (workflows:)");
  }
  workflow_port& port = *found->second;
  const auto metadata = abi_metadata(turn.request);
  step_op& step = steps_.begin();
  auto& raw = step.raw;
  raw.event = SPAWN_WF_BEGIN;
  raw.flow_id = id;
  raw.call_id = turn.request.reply != nullptr ? 1 : 0;
  raw.self = ref_of(turn.self);
  raw.caller = turn.request.has_caller ? ref_of(turn.request.caller) : spawn_actor_ref{};
  raw.action = slice_of(turn.request.action);
  raw.part_type = slice_of(part.type);
  raw.part = slice_of(part.bytes);
  raw.request = abi_payload(turn.request.argument);
  raw.response = abi_payload(turn.response);
  raw.metadata = metadata.data();
  raw.n_metadata = static_cast<std::uint32_t>(metadata.size());
  raw.hops = turn.request.hops;
  return steps_.run(port, step, "workflow " + std::string(part.type),
                    [&](const spawn_wf_command& command) {
                      return take_command(turn, command, port.name(), out);
                    });
}

result<void> workflow_engine::take_command(const workflow_turn& turn,
                                           const spawn_wf_command& command, std::string_view plugin,
                                           emission& out) {
  switch (command.kind) {
    case SPAWN_WF_INVOKE:
      return take_invoke(turn, command, plugin, out);
    case SPAWN_WF_BROADCAST:
      out.broadcasts.push_back(make_broadcast(command, turn.self, turn.request.argument,
                                              turn.response, turn.request.trace));
      if (sinks_ != nullptr) {
        const payload argument = out.broadcasts.back().argument;
        for (const std::string& sink : sinks_->of_channel(view_of(command.channel))) {
          SPAWN_CHECK(take_publish(turn, sink, argument, {}, out));
        }
      }
      return {};
    case SPAWN_WF_PUBLISH:
      return take_publish(turn, view_of(command.channel),
                          kernel_payload(command.payload, turn.request.argument, turn.response),
                          {command.metadata, command.n_metadata}, out);
    case SPAWN_WF_DONE:
      return {};
    default:
      return fail(errc::unsupported, "workflow plugin " + std::string(plugin) +
                                         " gave a command of kind " + std::to_string(command.kind) +
                                         ", which a part of a response cannot give");
  }
}

result<void> workflow_engine::take_publish(const workflow_turn& turn, std::string_view sink,
                                           const payload& argument,
                                           std::span<const spawn_kv> headers, emission& out) {
  if (sinks_ == nullptr || sinks_->find(sink) == nullptr) {
    return fail(errc::not_found,
                "there is no sink \"" + std::string(sink) + "\" in the configuration (sinks:)");
  }
  if (out.sends.size() >= limits::in_force.commands_per_turn) {
    return fail(errc::too_large, "a workflow sends more than " +
                                     std::to_string(limits::in_force.commands_per_turn) +
                                     " messages");
  }
  std::vector<kv_view> metadata;
  for (const spawn_kv& each : headers) {
    metadata.push_back({view_of(each.key), view_of(each.value)});
  }
  std::string trace;
  if (turn.request.trace.present()) {
    turn.request.trace.append_header_value(trace);
    metadata.push_back({"traceparent", trace});
  }
  auto made = make_kernel_call({turn.self.system, {}, sink_name(sink)}, "publish", argument.view(),
                               &turn.self, metadata);
  made->row->kind = row_kind::publish;
  made->trace = turn.request.trace;
  made->budget = &budget_;
  made->charged_bytes = made->storage.size() + sizeof(invocation);
  budget_.take(made->charged_bytes);
  out.sends.push_back(std::move(made));
  return {};
}

result<void> workflow_engine::take_invoke(const workflow_turn& turn,
                                          const spawn_wf_command& command, std::string_view plugin,
                                          emission& out) {
  if (out.sends.size() >= limits::in_force.commands_per_turn) {
    return fail(errc::too_large, "a workflow sends more than " +
                                     std::to_string(limits::in_force.commands_per_turn) +
                                     " messages");
  }
  if (command.mode == SPAWN_WF_WAIT || (command.flags & SPAWN_WF_WANT_FAILURE) != 0) {
    return fail(errc::unsupported, "workflow plugin " + std::string(plugin) +
                                       " waits for an outcome, which only a flow can");
  }
  SPAWN_TRY(auto made, make_invocation(command, turn.request.argument, turn.response,
                                       turn.request.trace, budget_));
  if (command.mode == SPAWN_WF_ROUTE) {
    if (out.route != nullptr) {
      return fail(errc::invalid, "a workflow routes its response twice");
    }
    made->hops = turn.request.hops + 1;
    made->deadline_ns = turn.request.deadline_ns;
    out.route = std::move(made);
    return {};
  }
  // An effect begins a chain of its own, but keeps counting, so that an endless one ends.
  made->hops = turn.request.hops;
  out.sends.push_back(std::move(made));
  return {};
}

}  // namespace spawn
