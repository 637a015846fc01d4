// broker_statistics: the few things this plugin wants from the client's statistics. [any]
#pragma once
#include <cstdint>
#include <map>
#include <string_view>

#include "intake.hpp"

namespace kafka_activator {

struct broker_statistics {
  bool connected = false;  // to a broker at least
  // Where the next record will be read, of partitions for which the client knows.
  std::map<partition_name, std::int64_t> next_offsets;
};

// Throws what the JSON parser throws.
[[nodiscard]] broker_statistics read_statistics(std::string_view json);

}  // namespace kafka_activator
