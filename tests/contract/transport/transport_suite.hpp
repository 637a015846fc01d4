// What every transport/1 must do (plugin-api/include/spawn/plugin/transport.h), as checks. All
// instances that a target's configuration makes within one check must reach each other.
#pragma once
#include <vector>

#include "contract/common/check.hpp"

namespace contract {

[[nodiscard]] std::vector<check> transport_checks();

}  // namespace contract
