// What only Pub/Sub has: streams that follow the window, ordering, exactly-once delivery, dead
// letter policies, batches, TLS and tokens.
#pragma once
#include <vector>

#include "contract/activator/pubsub_driver.hpp"
#include "contract/common/check.hpp"

namespace contract {

[[nodiscard]] std::vector<check> pubsub_checks(pubsub_broker& source);

}  // namespace contract
