// What an operator does to one message row: replays or drops a dead letter, cancels a schedule.
#pragma once
#include <cstdint>
#include <string>

#include "base/unique_function.hpp"
#include "router/lane_router.hpp"

namespace spawn {

enum class row_order : std::uint8_t {
  // A dead letter goes out again: as a new message behind all others, or in its old place when the
  // rows behind it have waited for that (durability.md 19).
  replay,
  remove,  // of any family: a message that is removed is never delivered
  erase,   // the same, and whoever it was for is to be forgotten: also what a flow waits for
};

// `done` gets not_found when the row is not there, or goes while this is at it: consumed, fired,
// replayed by another; denied for what only a flow may decide. [lane of `on`]
void order_row(lane_router& on, std::uint32_t store, std::string key, row_order what,
               unique_function<void(result<void>)> done);

}  // namespace spawn
