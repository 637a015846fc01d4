// message: one record of a topic, copied out of the client's memory, which a record must not
// outlive. Immutable. [any]
#pragma once
#include <librdkafka/rdkafka.h>

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "settings.hpp"
#include "spawn/plugin/cpp/activator.hpp"

namespace kafka_activator {

struct message {
  using header_list = std::vector<std::pair<std::string, std::string>>;

  std::string topic;
  std::string partition_text;
  std::int32_t partition = 0;
  std::int64_t offset = 0;
  std::int64_t unix_ms = -1;  // -1: it has no timestamp
  bool has_key = false;
  bool has_value = false;  // false: a tombstone
  std::string key, value;
  std::string content_type, type_url, order_key, dedup_id;
  header_list headers;  // the record's own come first, then the facts
  std::size_t own_headers = 0;
};

using message_ptr = std::shared_ptr<const message>;

// `raw` has no error. Headers with an empty name are left out.
[[nodiscard]] message_ptr copied(const rd_kafka_message_t& raw, const settings& config);

// What the kernel gets of it; with a memory of its own.
[[nodiscard]] std::unique_ptr<spawn::plugin::delivery> delivery_of(const message& m,
                                                                   std::uint64_t token,
                                                                   std::uint32_t attempt);

}  // namespace kafka_activator
