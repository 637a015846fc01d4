// The payload of a message, as the wire has it: three-way presence, bytes untouched.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace spawn {

// A missing payload, a Noop and a value are three different things (protocol.md 6.2).
enum class presence : std::uint8_t { unset = 0, value = 1, noop = 2 };

// Borrowed. `any` is the encoded google.protobuf.Any, passed through byte for byte.
struct payload_view {
  presence kind = presence::unset;
  std::string_view any;
};

struct payload {
  presence kind = presence::unset;
  std::string any;

  payload() = default;
  payload(presence k, std::string bytes) : kind(k), any(std::move(bytes)) {}
  explicit payload(payload_view v) : kind(v.kind), any(v.any) {}
  [[nodiscard]] payload_view view() const noexcept { return {kind, any}; }
};

// A key and its value in metadata or tags. Borrowed.
struct kv_view {
  std::string_view key;
  std::string_view value;
};

}  // namespace spawn
