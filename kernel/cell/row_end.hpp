// The end of a message row outside of an actor's save (durability.md 12, 18, 19). [lane]
#pragma once
#include <string_view>

#include "cell/cell_lane.hpp"
#include "state/rows/outcome_row.hpp"

namespace spawn {

// Its turn ran in an actor without a durable record: the row is deleted, and a flow that waits for
// it is told how it ended, in one group; so is the row of the call that the chain began with, by
// `end`, which may be null. `row` stays where it is until `done`.
void conclude_row(cell_services& services, const message_row& row, const outcome& how,
                  invocation_ptr end, row_keeper::done_fn done);

// It failed for good. A flow that waits for it is told in place of a dead letter, since the flow
// knows what to do; anybody else's goes to the dead letters, and whoever waits for the answer gets
// the error. The message is the caller's until `done`.
void give_up_row(cell_services& services, invocation& message, failure why, std::string_view text,
                 row_keeper::done_fn done);

// Answers for a chain in memory that ends a row: gives the row's message to `then` with what came.
[[nodiscard]] reply_slot* slot_for_row(
    lane& home, invocation_ptr message,
    unique_function<void(invocation_ptr message, outcome how)> then);

}  // namespace spawn
