// What the plugin's config block says.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "spawn/plugin/cpp/plugin.hpp"

namespace kafka_activator {

// Headers that mean the same on the way in and on the way out.
inline constexpr const char* content_type_header = "content-type";
inline constexpr const char* type_url_header = "spawn-type-url";
inline constexpr const char* message_id_header = "message-id";

using property_list = std::vector<std::pair<std::string, std::string>>;

struct settings {
  std::vector<std::string> topics;
  std::string group;
  bool order_by_partition = false;
  std::string content_type;       // of records that do not say; may be empty
  std::string dedup_header;       // empty: topic/partition/offset
  std::string dead_letter_topic;  // empty: DEAD drops
  std::string destination;        // of published messages without one; may be empty
  std::uint32_t commit_ms = 1'000;
  std::uint32_t revoke_wait_ms = 2'000;
  std::size_t max_ahead = 4'096;
  std::size_t sink_max = 10'000;
  // librdkafka's names and values, secrets among them: never logged.
  property_list consumer, producer;
};

// Throws refused, whose text names the key. [control]
[[nodiscard]] settings read_settings(const spawn::plugin::create_args& args);

}  // namespace kafka_activator
