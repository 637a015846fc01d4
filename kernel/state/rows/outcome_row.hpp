// How a flow hears of what it waits for (durability.md 19; workflow.h "Flows").
#pragma once
#include "model/invocation.hpp"
#include "model/outcome.hpp"

namespace spawn {

// The row that tells the flow how a message ended, or null when nobody is to be told of this. It is
// inserted with expect 0 in the same atomic group that deletes the message's row, in its store.
// `writer`: of that group. [any]
[[nodiscard]] invocation_ptr make_outcome_row(const awaited_by& to, const outcome& how,
                                              std::uint32_t store, std::uint64_t writer,
                                              std::int64_t now_ms);

// The same failure, of which the flow must not conclude that nothing took effect.
[[nodiscard]] outcome in_doubt(outcome how);

}  // namespace spawn
