#include "workflow/engine.hpp"

#include "base/limits.hpp"
#include "model/reserved_metadata.hpp"
#include "wire/common.hpp"

namespace spawn {
namespace {

spawn_actor_ref ref_of(actor_view id) noexcept {
  return {slice_of(id.system), slice_of(id.parent), slice_of(id.name)};
}

spawn_payload abi_payload(payload_view from) noexcept {
  spawn_payload out{};
  out.presence = static_cast<std::uint32_t>(from.kind);
  wire::any_view any;
  if (from.kind == presence::value && wire::read_any(from.any, any)) {
    out.type_url = slice_of(any.type_url);
    out.value = slice_of(any.value);
  }
  return out;
}

// The bytes as they came when the command hands a payload through, so that nothing is repacked.
payload kernel_payload(const spawn_payload& from, payload_view request, payload_view response) {
  if (from.presence == SPAWN_P_NOOP) {
    return {presence::noop, {}};
  }
  if (from.presence != SPAWN_P_VALUE) {
    return {};
  }
  for (const auto& known : {response, request}) {
    const auto* bytes = static_cast<const char*>(from.value.ptr);
    if (known.kind == presence::value && !known.any.empty() && from.value.len > 0 &&
        bytes >= known.any.data() && bytes < known.any.data() + known.any.size()) {
      return payload(known);
    }
  }
  payload out{presence::value, {}};
  wire::append_any(out.any, view_of(from.type_url), view_of(from.value));
  return out;
}

// Copies text into storage that will not move, and remembers where it went.
class packer {
 public:
  explicit packer(std::size_t bytes) { storage_.reserve(bytes); }
  std::string_view add(std::string_view text) {
    const std::size_t at = storage_.size();
    storage_ += text;
    return {storage_.data() + at, text.size()};
  }
  std::string take() { return std::move(storage_); }

 private:
  std::string storage_;
};

// A string this short lives inside its object and would move with it.
constexpr std::size_t inline_bytes = 64;

invocation_ptr make_invocation(const workflow_turn& turn, const spawn_wf_command& command) {
  const payload argument = kernel_payload(command.payload, turn.request.argument, turn.response);
  std::size_t bytes = inline_bytes + argument.any.size() + command.to.system.len +
                      command.to.parent.len + command.to.name.len + command.action.len +
                      command.register_ref.len + command.caller.system.len +
                      command.caller.parent.len + command.caller.name.len;
  for (std::uint32_t i = 0; i < command.n_metadata; ++i) {
    bytes += command.metadata[i].key.len + command.metadata[i].value.len;
  }
  packer text(bytes);
  auto out = std::make_unique<invocation>();
  out->target = {text.add(view_of(command.to.system)), text.add(view_of(command.to.parent)),
                 text.add(view_of(command.to.name))};
  out->action = text.add(view_of(command.action));
  out->register_ref = text.add(view_of(command.register_ref));
  out->argument = {argument.kind, text.add(argument.any)};
  if ((command.flags & SPAWN_WF_HAS_CALLER) != 0) {
    out->has_caller = true;
    out->caller = {text.add(view_of(command.caller.system)),
                   text.add(view_of(command.caller.parent)),
                   text.add(view_of(command.caller.name))};
  }
  out->metadata.reserve(command.n_metadata);
  for (std::uint32_t i = 0; i < command.n_metadata; ++i) {
    const auto key = text.add(view_of(command.metadata[i].key));
    out->metadata.push_back({key, text.add(view_of(command.metadata[i].value))});
  }
  out->storage = text.take();
  out->pooled = (command.flags & SPAWN_WF_POOLED) != 0;
  out->scheduled_to = command.due_unix_ms;
  out->is_internal = true;
  out->caller_settled = true;  // it leaves only after the commit
  out->trace = turn.request.trace;
  return out;
}

}  // namespace

workflow_engine::workflow_engine(lane& home, std::span<workflow_port* const> ports,
                                 byte_budget& budget)
    : lane_(home), budget_(budget) {
  for (workflow_port* port : ports) {
    for (const auto& type : port->part_types()) {
      by_part_.emplace(type, port);
    }
  }
}

result<emission> workflow_engine::run(const workflow_turn& turn) {
  emission out;
  for (const auto& part : turn.parts) {
    SPAWN_CHECK(run_part(turn, part, out));
  }
  return out;
}

result<void> workflow_engine::run_part(const workflow_turn& turn, const wire::workflow_part& part,
                                       emission& out) {
  const auto found = by_part_.find(part.type);
  if (found == by_part_.end()) {
    return fail(errc::unsupported,
                "no workflow plugin serves \"" + std::string(part.type) + "\" (workflows:)");
  }
  workflow_port& port = *found->second;
  step_op* step = steps_.take();
  step->clear();
  std::vector<spawn_kv> metadata;
  metadata.reserve(turn.request.metadata.size());
  for (const auto& entry : turn.request.metadata) {
    if (entry.key != metadata_idempotency_key) {  // it names this call, none that it leads to
      metadata.push_back({slice_of(entry.key), slice_of(entry.value)});
    }
  }
  auto& raw = step->raw;
  raw.event = SPAWN_WF_BEGIN;
  raw.attempt = 1;
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
  raw.now_unix_ms = lane_.unix_ms();
  step->home = &lane_;
  step->post_on_end = false;
  step->arm(0, lane_.next_id());
  spawn_op* op = &raw.op;
  port.submit(lane_, std::span(&op, 1));
  if (!step->take_inline()) {
    // The op stays out of the slab for good: the plugin may still end it.
    step->run = [](task&) {};
    return fail(errc::internal, "workflow plugin " + std::string(port.name()) +
                                    " did not end a step inside submit");
  }
  result<void> taken;
  if (step->status() != errc::ok) {
    taken =
        fail(step->status(), "workflow " + std::string(part.type) + ": " + take_error_text(raw.op));
  } else {
    taken = take_commands(turn, *step, port.name(), out);
    release(raw.out_owner);
  }
  steps_.give_back(step);
  return taken;
}

result<void> workflow_engine::take_commands(const workflow_turn& turn, const step_op& step,
                                            std::string_view plugin, emission& out) {
  const auto& raw = step.raw;
  if (raw.n_out > SPAWN_WF_COMMANDS_MAX) {
    return fail(errc::too_large, "workflow plugin " + std::string(plugin) + " gave " +
                                     std::to_string(raw.n_out) + " commands");
  }
  const auto* at = reinterpret_cast<const char*>(raw.out);
  for (std::uint32_t i = 0; i < raw.n_out; ++i, at += raw.out_stride) {
    const auto& command = *reinterpret_cast<const spawn_wf_command*>(at);
    switch (command.kind) {
      case SPAWN_WF_INVOKE: {
        SPAWN_CHECK(take_invoke(turn, command, out));
        break;
      }
      case SPAWN_WF_BROADCAST: {
        broadcast_order order;
        order.system = turn.self.system;
        order.channel = view_of(command.channel);
        order.action = view_of(command.action);
        order.argument = kernel_payload(command.payload, turn.request.argument, turn.response);
        order.has_caller = true;
        order.caller = actor_id(turn.self);
        order.trace = turn.request.trace;
        out.broadcasts.push_back(std::move(order));
        break;
      }
      case SPAWN_WF_DONE:
        break;
      default:
        return fail(errc::unsupported,
                    "workflow plugin " + std::string(plugin) + " gave a command of kind " +
                        std::to_string(command.kind) + ", which a part of a response cannot give");
    }
  }
  return {};
}

result<void> workflow_engine::take_invoke(const workflow_turn& turn,
                                          const spawn_wf_command& command, emission& out) {
  if (out.sends.size() >= limits::in_force.commands_per_turn) {
    return fail(errc::too_large, "a workflow sends more than " +
                                     std::to_string(limits::in_force.commands_per_turn) +
                                     " messages");
  }
  auto made = make_invocation(turn, command);
  for (const auto name : {made->target.system, made->target.parent, made->target.name, made->action,
                          made->register_ref}) {
    if (name.size() > limits::name_bytes_max) {
      return fail(errc::invalid, "a workflow names an actor or action of " +
                                     std::to_string(name.size()) + " bytes");
    }
  }
  made->budget = &budget_;
  made->charged_bytes = made->storage.size() + sizeof(invocation);
  budget_.take(made->charged_bytes);
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
