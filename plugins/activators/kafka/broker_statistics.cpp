#include "broker_statistics.hpp"

#include <charconv>
#include <nlohmann/json.hpp>
#include <string>

namespace kafka_activator {

using nlohmann::json;

broker_statistics read_statistics(std::string_view text) {
  const json all = json::parse(text);
  broker_statistics out;
  for (const json& broker : all.value("brokers", json::object())) {
    const std::string state = broker.value("state", "");
    out.connected = out.connected || state == "UP" || state == "UPDATE";
  }
  const json topics = all.value("topics", json::object());
  for (const auto& [topic, about] : topics.items()) {
    const json partitions = about.value("partitions", json::object());
    for (const auto& [number, partition] : partitions.items()) {
      const std::int64_t next = partition.value("next_offset", std::int64_t{-1});
      std::int32_t id = -1;  // "-1" is the client's own, for what has no partition yet
      std::from_chars(number.data(), number.data() + number.size(), id);
      if (id >= 0 && next >= 0) {
        out.next_offsets[{topic, id}] = next;
      }
    }
  }
  return out;
}

}  // namespace kafka_activator
