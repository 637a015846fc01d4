// Cutting a queue of store operations into submits without splitting an atomic group.
#pragma once
#include <cstddef>
#include <span>

#include "spawn/plugin/abi.h"

namespace spawn {

// How many of the first ops make the next submit: at most `most`, cut where no atomic group is
// open; more than `most` only when one group alone is larger. 0 for none.
[[nodiscard]] std::size_t next_batch(std::span<spawn_op* const> ops, std::size_t most);

}  // namespace spawn
