// What ReceiveMessage hands out, as deliveries. Pure functions. [any]
#pragma once
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

#include "spawn/plugin/cpp/activator.hpp"

namespace sqs {

// The queue that messages are taken from.
struct queue_facts {
  std::string url, name;  // the name is the source of deliveries
  bool fifo = false;
  bool dedup_per_group = false;  // deduplication ids are unique in a group only
  bool redrives = false;         // has a redrive policy
};

// Attributes that this plugin's own sink writes, and reads again.
namespace attribute {
inline constexpr const char* content_type = "content-type";
inline constexpr const char* type_url = "spawn-type-url";
inline constexpr const char* body = "spawn-body";  // "base64", or "empty"
inline constexpr const char* dedup_id = "spawn-dedup-id";
inline constexpr const char* key = "spawn-key";
inline constexpr const char* headers = "spawn-headers";  // JSON: [[name, value], ...]
}  // namespace attribute

struct incoming {
  std::unique_ptr<spawn::plugin::delivery> delivery;  // token and settle_by_ns are not set
  std::string receipt;
};

// Nothing for what is not a message. `content_type` is that of messages that say none.
[[nodiscard]] std::optional<incoming> read_message(const nlohmann::json& message,
                                                   const queue_facts& from,
                                                   const std::string& content_type);

// The last part of a queue's URL, or the name itself.
[[nodiscard]] std::string queue_name(std::string_view queue);

}  // namespace sqs
