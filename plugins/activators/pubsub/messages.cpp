#include "messages.hpp"

#include "spawn/plugin/cpp/bytes.hpp"

namespace pubsub {

namespace {

using spawn::plugin::text;

// The server's own bounds.
constexpr std::size_t message_bytes_most = 10'000'000;
constexpr std::size_t attributes_most = 100;
constexpr std::size_t name_bytes_most = 256;
constexpr std::size_t value_bytes_most = 1'024;
constexpr std::size_t key_bytes_most = 1'024;

// Of an attribute; nothing if it is fine.
std::optional<unpublishable> wrong_attribute(const std::string& name, const std::string& value) {
  if (name.empty() || name.size() > name_bytes_most || name.starts_with("goog")) {
    return unpublishable{SPAWN_E_INVALID, "header " + name +
                                              ": an attribute's name has 1 to 256 bytes and does "
                                              "not begin with goog"};
  }
  if (value.size() > value_bytes_most) {
    return unpublishable{SPAWN_E_INVALID,
                         "header " + name + ": an attribute's value has at most 1024 bytes"};
  }
  return std::nullopt;
}

}  // namespace

std::optional<unpublishable> fill(const settings& s, const spawn_sink_message& from,
                                  google::pubsub::v1::PubsubMessage& out) {
  auto& attributes = *out.mutable_attributes();
  for (std::uint32_t i = 0; i < from.n_headers; ++i) {
    attributes[std::string(text(from.headers[i].key))] = text(from.headers[i].value);
  }
  for (const auto& [name, value] : {std::pair{"message-id", text(from.dedup_id)},
                                    {"content-type", text(from.content_type)},
                                    {"type-url", text(from.type_url)}}) {
    if (!value.empty()) {
      attributes[name] = value;
    }
  }
  if (attributes.size() > attributes_most) {
    return unpublishable{SPAWN_E_INVALID, "headers: a message has at most 100 attributes"};
  }
  std::size_t bytes = from.payload.len;
  for (const auto& [name, value] : attributes) {
    if (auto wrong = wrong_attribute(name, value)) {
      return wrong;
    }
    bytes += name.size() + value.size();
  }
  if (bytes > message_bytes_most) {
    return unpublishable{SPAWN_E_TOO_LARGE, "payload and headers have over 10000000 bytes"};
  }
  if (s.ordering_keys) {
    if (from.key.len > key_bytes_most) {
      return unpublishable{SPAWN_E_INVALID, "key: an ordering key has at most 1024 bytes"};
    }
    out.set_ordering_key(std::string(text(from.key)));
  }
  out.set_data(from.payload.ptr, from.payload.len);
  return std::nullopt;
}

}  // namespace pubsub
