// Part of an erasure: what a store keeps for an actor beside its record.
#pragma once
#include <cstdint>

#include "admin/store_calls.hpp"
#include "model/actor_id.hpp"

namespace spawn {

// Deletes the rows of its calls with an idempotency key for good, and says how many there were. A
// repeat of such a call runs again. An error when the store did not answer, or when somebody kept
// writing them. The names in `of` are the caller's until it is done.
[[nodiscard]] admin_result<std::uint64_t> erase_calls(admin_call& call, std::size_t store,
                                                      actor_view of);

struct erased_rows {
  std::uint64_t messages = 0;
  std::uint64_t schedules = 0;
  std::uint64_t dead_letters = 0;
};

// Whose rows: those addressed with the actor's parent, and where its name alone means it, those
// with the name alone.
struct erased_actor {
  actor_view id;
  bool is_meant_by_name = false;
  // Rows of its reminders that were made later are those of a new life, or still its record's.
  std::int64_t reminders_until_ms = 0;
};

// Deletes the message rows addressed to the actor: due, due later, dead. A flow that waits for the
// end of one is told that it was cancelled. What the actor itself has sent is its receivers'. The
// names in `of` are the caller's until it is done. `until_none`: looks again until there is nothing
// more, and fails with UNAVAILABLE when others keep sending; else one look.
[[nodiscard]] admin_result<erased_rows> erase_messages(admin_call& call, std::size_t store,
                                                       erased_actor of, bool until_none);

}  // namespace spawn
