// Messages that the kernel itself sends: to a flow, to the row of a call, to a channel.
#pragma once
#include <initializer_list>
#include <span>

#include "model/invocation.hpp"

namespace spawn {

// Addressed, with that argument, and with an empty row to fill in; it has bytes of its own, and
// nobody waits for it. [any]
[[nodiscard]] invocation_ptr make_kernel_message(actor_view to, payload_view argument);
// The same for what an actor is to do, and who wants it; `caller` may be null.
[[nodiscard]] invocation_ptr make_kernel_call(actor_view to, std::string_view action,
                                              payload_view argument, const actor_view* caller,
                                              std::span<const kv_view> metadata);
[[nodiscard]] inline invocation_ptr make_kernel_call(actor_view to, std::string_view action,
                                                     payload_view argument,
                                                     const actor_view* caller,
                                                     std::initializer_list<kv_view> metadata = {}) {
  return make_kernel_call(to, action, argument, caller,
                          std::span<const kv_view>(metadata.begin(), metadata.size()));
}

}  // namespace spawn
