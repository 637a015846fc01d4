// What is Kafka's own: facts, keys and partitions, holes, groups, dead letters, logging in.
#pragma once
#include <vector>

#include "contract/activator/kafka_broker.hpp"
#include "contract/common/check.hpp"

namespace contract {

[[nodiscard]] std::vector<check> kafka_checks(kafka_broker& source);

}  // namespace contract
