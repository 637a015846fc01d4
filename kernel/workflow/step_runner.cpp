#include "workflow/step_runner.hpp"

#include "base/limits.hpp"
#include "model/reserved_metadata.hpp"
#include "state/seal/keys.hpp"
#include "wire/common.hpp"

namespace spawn {
namespace {

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

// Whether there can be such an actor: what it would be stored under has a limit too.
result<void> check_names(const spawn_wf_command& command) {
  const auto& to = command.to;
  for (const auto& name : {to.system, to.parent, to.name, command.action, command.register_ref}) {
    if (name.len > limits::name_bytes_max) {
      return fail(errc::invalid,
                  "a workflow names an actor or action of " + std::to_string(name.len) + " bytes");
    }
  }
  for (const auto& parent : {to.parent, command.register_ref}) {
    if (auto key = actor_key(view_of(to.system), view_of(parent), view_of(to.name)); !key) {
      return fail(std::move(key.error()));
    }
  }
  if (command.n_metadata > SPAWN_WF_METADATA_MAX) {
    return fail(errc::too_large, "a workflow sends " + std::to_string(command.n_metadata) +
                                     " entries of metadata to " + std::string(view_of(to.name)));
  }
  return {};
}

std::size_t bytes_of(const spawn_wf_command& command, const payload& argument) {
  std::size_t bytes = inline_bytes + argument.any.size() + command.to.system.len +
                      command.to.parent.len + command.to.name.len + command.action.len +
                      command.register_ref.len + command.caller.system.len +
                      command.caller.parent.len + command.caller.name.len;
  for (std::uint32_t i = 0; i < command.n_metadata; ++i) {
    bytes += command.metadata[i].key.len + command.metadata[i].value.len;
  }
  return bytes;
}

}  // namespace

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

std::vector<spawn_kv> abi_metadata(const invocation& of) {
  std::vector<spawn_kv> out;
  out.reserve(of.metadata.size());
  for (const auto& entry : of.metadata) {
    if (entry.key != metadata_idempotency_key) {  // it names this call, none that it leads to
      out.push_back({slice_of(entry.key), slice_of(entry.value)});
    }
  }
  return out;
}

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

result<invocation_ptr> make_invocation(const spawn_wf_command& command, payload_view request,
                                       payload_view response, const trace_context& trace,
                                       byte_budget& budget) {
  SPAWN_CHECK(check_names(command));
  const payload argument = kernel_payload(command.payload, request, response);
  packer text(bytes_of(command, argument));
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
  out->trace = trace;
  out->budget = &budget;
  out->charged_bytes = out->storage.size() + sizeof(invocation);
  budget.take(out->charged_bytes);
  return out;
}

step_op& step_runner::begin() {
  step_op* step = steps_.take();
  step->clear();
  step->raw.attempt = 1;
  step->raw.now_unix_ms = lane_.unix_ms();
  return *step;
}

result<void> step_runner::submit(workflow_port& port, step_op& step, std::string_view what) {
  step.home = &lane_;
  step.post_on_end = false;
  step.arm(0, lane_.next_id());
  spawn_op* op = &step.raw.op;
  port.submit(lane_, std::span(&op, 1));
  if (!step.take_inline()) {
    // The op stays out of the slab for good: the plugin may still end it.
    step.run = [](task&) {};
    return fail(errc::internal, "workflow plugin " + std::string(port.name()) +
                                    " did not end a step inside submit");
  }
  if (step.status() != errc::ok) {
    const errc status = step.status();
    std::string text = std::string(what) + ": " + take_error_text(step.raw.op);
    steps_.give_back(&step);
    return fail(status, std::move(text));
  }
  if (step.raw.n_out > SPAWN_WF_COMMANDS_MAX) {
    const std::uint32_t given = step.raw.n_out;
    end(step);
    return fail(errc::too_large, "workflow plugin " + std::string(port.name()) + " gave " +
                                     std::to_string(given) + " commands");
  }
  return {};
}

void step_runner::end(step_op& step) {
  release(step.raw.out_owner);
  steps_.give_back(&step);
}

}  // namespace spawn
