// spawn.handoff/1: what a store in memory hands to the one that takes its place.
#pragma once
#include <vector>

#include "contract/common/check.hpp"

namespace contract {

// Ids `swap.handoff_*`. Skipped by stores that are durable; others need it to be swapped.
[[nodiscard]] std::vector<check> handoff_checks();

}  // namespace contract
