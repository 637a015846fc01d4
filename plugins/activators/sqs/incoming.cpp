#include "incoming.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <nlohmann/json.hpp>
#include <utility>

#include "digest.hpp"

namespace sqs {

namespace {

using nlohmann::json;
using spawn::plugin::delivery;

std::string text_of(const json& from, const char* key) {
  const auto at = from.find(key);
  return at != from.end() && at->is_string() ? at->get<std::string>() : std::string();
}

const json& part_of(const json& from, const char* key) {
  static const json none = json::object();
  const auto at = from.find(key);
  return at != from.end() && at->is_object() ? *at : none;
}

bool same_name(std::string_view a, std::string_view b) {
  return std::ranges::equal(
      a, b, [](unsigned char x, unsigned char y) { return std::tolower(x) == std::tolower(y); });
}

// What the attributes of the message say, beside what they are.
struct labels {
  std::string body, dedup_id, key;
};

void add_packed(delivery& to, const std::string& packed) {
  const auto pairs = json::parse(packed, nullptr, false);
  if (!pairs.is_array()) {
    return;
  }
  for (const auto& pair : pairs) {
    if (pair.is_array() && pair.size() == 2 && pair[0].is_string() && pair[1].is_string()) {
      to.headers.emplace_back(pair[0], pair[1]);
    }
  }
}

labels read_attributes(delivery& to, const json& attributes) {
  labels out;
  for (const auto& [name, held] : attributes.items()) {
    if (!held.is_object()) {
      continue;
    }
    std::string value = text_of(held, "StringValue");
    if (value.empty()) {
      value = text_of(held, "BinaryValue");  // stays base64
    }
    if (same_name(name, attribute::content_type)) {
      to.content_type = std::move(value);
    } else if (name == attribute::type_url) {
      to.type_url = std::move(value);
    } else if (name == attribute::body) {
      out.body = std::move(value);
    } else if (name == attribute::dedup_id) {
      out.dedup_id = std::move(value);
    } else if (name == attribute::key) {
      out.key = std::move(value);
    } else if (name == attribute::headers) {
      add_packed(to, value);
    } else {
      to.headers.emplace_back(name, std::move(value));
    }
  }
  return out;
}

void read_body(delivery& to, std::string body, const std::string& encoding) {
  if (encoding == "empty") {
    return;
  }
  if (encoding == "base64") {
    if (auto bytes = from_base64(body)) {
      to.payload = std::move(*bytes);
      return;
    }
  }
  to.payload = std::move(body);
}

// With deduplication by content the id is the hash of the body. Two such messages, sent at
// different times, are two: the service forgets the id after five minutes, the kernel does not.
bool made_from_content(const std::string& id, const std::string& body) {
  return id.size() == 64 && id == hex(sha256(body));
}

constexpr std::array<std::pair<const char*, const char*>, 7> facts{{
    {"ApproximateReceiveCount", "sqs-receive-count"},
    {"SentTimestamp", "sqs-sent-at"},
    {"ApproximateFirstReceiveTimestamp", "sqs-first-received-at"},
    {"MessageGroupId", "sqs-group-id"},
    {"MessageDeduplicationId", "sqs-dedup-id"},
    {"SequenceNumber", "sqs-sequence-number"},
    {"SenderId", "sqs-sender-id"},
}};

}  // namespace

std::string queue_name(std::string_view queue) {
  while (queue.ends_with('/')) {
    queue.remove_suffix(1);
  }
  const auto slash = queue.rfind('/');
  return std::string(slash == std::string_view::npos ? queue : queue.substr(slash + 1));
}

std::optional<incoming> read_message(const json& message, const queue_facts& from,
                                     const std::string& content_type) {
  if (!message.is_object()) {
    return std::nullopt;
  }
  incoming out{std::make_unique<delivery>(), text_of(message, "ReceiptHandle")};
  const std::string id = text_of(message, "MessageId");
  if (out.receipt.empty() || id.empty()) {
    return std::nullopt;
  }
  delivery& d = *out.delivery;
  const json& system = part_of(message, "Attributes");
  const labels said = read_attributes(d, part_of(message, "MessageAttributes"));
  std::string body = text_of(message, "Body");
  const std::string group = text_of(system, "MessageGroupId");
  const std::string dedup = text_of(system, "MessageDeduplicationId");

  d.source = from.name;
  d.order_key = group.empty() ? said.key : group;
  if (!said.dedup_id.empty()) {
    d.dedup_id = said.dedup_id;
  } else if (dedup.empty() || made_from_content(dedup, body)) {
    d.dedup_id = id;
  } else {
    d.dedup_id = from.dedup_per_group ? group + "/" + dedup : dedup;
  }
  const std::string count = text_of(system, "ApproximateReceiveCount");
  std::from_chars(count.data(), count.data() + count.size(), d.attempt);
  d.flags = d.attempt > 1 ? SPAWN_D_REDELIVERED : 0;
  if (d.content_type.empty()) {
    d.content_type = content_type;
  }
  d.headers.emplace_back("sqs-message-id", id);
  for (const auto& [name, header] : facts) {
    if (auto value = text_of(system, name); !value.empty()) {
      d.headers.emplace_back(header, std::move(value));
    }
  }
  read_body(d, std::move(body), said.body);
  return out;
}

}  // namespace sqs
