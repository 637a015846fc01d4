// What every transport.kv/1 must do, as checks. A transport without it skips them.
#pragma once
#include <vector>

#include "contract/common/check.hpp"

namespace contract {

[[nodiscard]] std::vector<check> transport_kv_checks();

}  // namespace contract
