#include "state/rows/kernel_message.hpp"

namespace spawn {

invocation_ptr make_kernel_message(actor_view to, payload_view argument) {
  return make_kernel_call(to, {}, argument, nullptr);
}

invocation_ptr make_kernel_call(actor_view to, std::string_view action, payload_view argument,
                                const actor_view* caller, std::span<const kv_view> metadata) {
  auto out = std::make_unique<invocation>();
  constexpr std::size_t never_inline = 64;  // shorter strings move with their object
  const actor_view from = caller != nullptr ? *caller : actor_view{};
  std::size_t size = never_inline + to.system.size() + to.parent.size() + to.name.size() +
                     action.size() + argument.any.size() + from.system.size() + from.parent.size() +
                     from.name.size();
  for (const auto& entry : metadata) {
    size += entry.key.size() + entry.value.size();
  }
  out->storage.reserve(size);
  const auto keep = [&](std::string_view text) {
    const std::size_t at = out->storage.size();
    out->storage += text;
    return std::string_view(out->storage.data() + at, text.size());
  };
  out->target = {keep(to.system), keep(to.parent), keep(to.name)};
  out->action = keep(action);
  out->argument = {argument.kind, keep(argument.any)};
  if (caller != nullptr) {
    out->has_caller = true;
    out->caller = {keep(from.system), keep(from.parent), keep(from.name)};
  }
  for (const auto& entry : metadata) {
    const auto key = keep(entry.key);
    out->metadata.push_back({key, keep(entry.value)});
  }
  out->is_internal = true;
  out->caller_settled = true;
  out->row = std::make_unique<message_row>();
  return out;
}

}  // namespace spawn
