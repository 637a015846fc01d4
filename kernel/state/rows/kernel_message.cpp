#include "state/rows/kernel_message.hpp"

namespace spawn {

invocation_ptr make_kernel_message(actor_view to, payload_view argument) {
  auto out = std::make_unique<invocation>();
  constexpr std::size_t never_inline = 64;  // shorter strings move with their object
  out->storage.reserve(never_inline + to.system.size() + to.parent.size() + to.name.size() +
                       argument.any.size());
  const auto keep = [&](std::string_view text) {
    const std::size_t at = out->storage.size();
    out->storage += text;
    return std::string_view(out->storage.data() + at, text.size());
  };
  out->target = {keep(to.system), keep(to.parent), keep(to.name)};
  out->argument = {argument.kind, keep(argument.any)};
  out->is_internal = true;
  out->caller_settled = true;
  out->row = std::make_unique<message_row>();
  return out;
}

}  // namespace spawn
