// registration.hpp - what a plugin of kind "actors" registers, as the bytes of protocol.md 5.1.
// Compiled into the plugin.
#pragma once
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace spawn::plugin {

// One actor type.
struct actor_shape {
  std::string name;
  bool named = false;  // one actor of this name; otherwise every name has its own
  bool stateful = false;
  std::vector<std::string> actions = {};
  std::vector<std::pair<std::string, std::chrono::milliseconds>> timers = {};
  std::vector<std::pair<std::string, std::string>> channels = {};  // topic, action
  std::chrono::milliseconds idle{0};                               // 0: the kernel's default
};

namespace detail {

inline void put_varint(std::string& out, std::uint64_t value) {
  while (value >= 0x80) {
    out += static_cast<char>(value | 0x80);
    value >>= 7;
  }
  out += static_cast<char>(value);
}
inline void put_number(std::string& out, std::uint32_t field, std::uint64_t value) {
  put_varint(out, field << 3);
  put_varint(out, value);
}
inline void put_bytes(std::string& out, std::uint32_t field, std::string_view bytes) {
  put_varint(out, (field << 3) | 2);
  put_varint(out, bytes.size());
  out += bytes;
}
// A message with one text in field 1.
[[nodiscard]] inline std::string one_text(std::string_view text) {
  std::string out;
  put_bytes(out, 1, text);
  return out;
}

[[nodiscard]] inline std::string encode(const actor_shape& from) {
  std::string id, settings, out;
  put_bytes(id, 1, from.name);
  constexpr std::uint64_t named_kind = 1, unnamed_kind = 2;
  put_number(settings, 1, from.named ? named_kind : unnamed_kind);
  if (from.stateful) {
    put_number(settings, 2, 1);
  }
  if (from.idle.count() > 0) {
    std::string timeout, strategy;
    put_number(timeout, 1, static_cast<std::uint64_t>(from.idle.count()));
    put_bytes(strategy, 1, timeout);
    put_bytes(settings, 4, strategy);
  }
  put_bytes(out, 1, id);
  put_bytes(out, 3, settings);
  for (const auto& action : from.actions) {
    put_bytes(out, 4, one_text(action));
  }
  for (const auto& [action, period] : from.timers) {
    std::string timer;
    put_number(timer, 1, static_cast<std::uint64_t>(period.count()));
    put_bytes(timer, 2, one_text(action));
    put_bytes(out, 5, timer);
  }
  std::string metadata;
  for (const auto& [topic, action] : from.channels) {
    std::string channel;
    put_bytes(channel, 1, topic);
    put_bytes(channel, 2, action);
    put_bytes(metadata, 1, channel);
  }
  put_bytes(out, 6, metadata);
  return out;
}

}  // namespace detail

// An encoded RegistrationRequest; an empty system is the kernel's own.
[[nodiscard]] inline std::string encode_registration(std::string_view system,
                                                     const std::vector<actor_shape>& types) {
  std::string registry, in_system, out;
  for (const actor_shape& type : types) {
    std::string entry;
    detail::put_bytes(entry, 1, type.name);
    detail::put_bytes(entry, 2, detail::encode(type));
    detail::put_bytes(registry, 1, entry);
  }
  detail::put_bytes(in_system, 1, system);
  detail::put_bytes(in_system, 2, registry);
  detail::put_bytes(out, 2, in_system);
  return out;
}

}  // namespace spawn::plugin
