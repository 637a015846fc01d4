// What is RabbitMQ's own, beside the contract of all activators.
#pragma once
#include <vector>

#include "contract/activator/rabbitmq_broker.hpp"
#include "contract/common/check.hpp"

namespace contract {

// Facts, bindings, prefetch, publishing, TLS.
[[nodiscard]] std::vector<check> rabbitmq_own_checks(rabbit_broker& source);
// A network that stalls, a broker that is killed, short of memory, or whose queue goes.
[[nodiscard]] std::vector<check> rabbitmq_fault_checks(rabbit_broker& source);

}  // namespace contract
