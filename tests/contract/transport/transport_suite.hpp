// What every transport/1 must do (plugin-api/include/spawn/plugin/transport.h), as checks. All
// instances that a target's configuration makes within one check must reach each other.
#pragma once
#include <vector>

#include "contract/common/check.hpp"

namespace contract {

[[nodiscard]] std::vector<check> transport_checks();

// A round of random messages, compared with a model; for `--fuzz`.
[[nodiscard]] std::vector<check> transport_random_checks();

// For transports that are swapped without loss: the end of a subscription waits for what it holds.
[[nodiscard]] std::vector<check> transport_leave_checks();

}  // namespace contract
