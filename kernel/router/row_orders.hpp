// What an operator does to one message row: replays or drops a dead letter, cancels a schedule.
#pragma once
#include <cstdint>
#include <string>

#include "base/unique_function.hpp"
#include "router/lane_router.hpp"

namespace spawn {

enum class row_order : std::uint8_t {
  replay,  // a dead letter goes out again, as a new message behind all others (durability.md 19)
  remove,  // of any family: a message that is removed is never delivered
};

// `done` gets not_found when the row is not there, or goes while this is at it: consumed, fired,
// replayed by another. [lane of `on`]
void order_row(lane_router& on, std::uint32_t store, std::string key, row_order what,
               unique_function<void(result<void>)> done);

}  // namespace spawn
