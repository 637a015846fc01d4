// Messages that the kernel itself sends: to a flow, or to the row of a call.
#pragma once
#include "model/invocation.hpp"

namespace spawn {

// Addressed, with that argument, and with an empty row to fill in; it has bytes of its own, and
// nobody waits for it. [any]
[[nodiscard]] invocation_ptr make_kernel_message(actor_view to, payload_view argument);

}  // namespace spawn
