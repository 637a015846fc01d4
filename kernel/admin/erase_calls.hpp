// Part of an erasure: what a store remembers of an actor's calls with an idempotency key.
#pragma once
#include <cstdint>

#include "admin/store_calls.hpp"
#include "model/actor_id.hpp"

namespace spawn {

// Deletes their rows for good, and says how many there were. A repeat of such a call runs again. An
// error when the store did not answer, or when somebody kept writing them. The names in `of` are
// the caller's until it is done.
[[nodiscard]] admin_result<std::uint64_t> erase_calls(admin_call& call, std::size_t store,
                                                      actor_view of);

}  // namespace spawn
