// What is the cron activator's own: moments, zones, changes of the clocks, missed fires, cursors.
#pragma once
#include <vector>

#include "contract/activator/cron_broker.hpp"
#include "contract/common/check.hpp"

namespace contract {

[[nodiscard]] std::vector<check> cron_checks(cron_broker& time);

}  // namespace contract
