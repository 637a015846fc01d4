// One revision of a key, as a stream keeps it.
#pragma once
#include <cstdint>
#include <string>

#include "nats-common/jetstream.hpp"

namespace nats_transport {

// Beside NATS's own "KV-Operation": DEL, PURGE.
inline constexpr const char* header_operation = "KV-Operation";
inline constexpr const char* header_lease_ms = "Spawn-Lease-Ms";
inline constexpr const char* header_keepalive = "Spawn-Keepalive";
inline constexpr const char* header_expected = "Nats-Expected-Last-Subject-Sequence";

struct kv_entry {
  std::uint64_t revision = 0;
  bool deleted = false;        // the revision says that the key is gone
  bool keepalive = false;      // only the lease was prolonged
  std::uint32_t lease_ms = 0;  // 0: for ever
  std::string value;
};

// Of a message that a consumer of the bucket got; its revision is in the reply subject.
[[nodiscard]] kv_entry read_entry(natsMsg* m, std::uint64_t revision);
// Of the API's answer to a look-up: "message" with headers and data in base64. False: not such one.
[[nodiscard]] bool read_entry(const nlohmann::json& body, kv_entry& out);

}  // namespace nats_transport
