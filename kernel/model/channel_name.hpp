// Where the rows of a channel, and of a sink, wait: at names that are nobody's (durability.md 24).
#pragma once
#include <string>
#include <string_view>

namespace spawn {

// Begins the name that stands for a channel as the receiver of rows, in the system of their senders
// and without a parent. No actor has such a name: every name in a request is UTF-8, and this is
// not.
inline constexpr char channel_mark = '\xff';
// The same for a sink, whose rows wait for a system outside.
inline constexpr char sink_mark = '\xfe';

[[nodiscard]] inline std::string channel_name(std::string_view topic) {
  return channel_mark + std::string(topic);
}
[[nodiscard]] constexpr bool is_channel_name(std::string_view name) noexcept {
  return name.starts_with(channel_mark);
}
[[nodiscard]] inline std::string sink_name(std::string_view sink) {
  return sink_mark + std::string(sink);
}
[[nodiscard]] constexpr bool is_sink_name(std::string_view name) noexcept {
  return name.starts_with(sink_mark);
}
// Borrowed from the name, which is a sink's.
[[nodiscard]] constexpr std::string_view sink_of(std::string_view name) noexcept {
  return name.substr(1);
}
// Borrowed from the name, which is a channel's.
[[nodiscard]] constexpr std::string_view topic_of(std::string_view name) noexcept {
  return name.substr(1);
}

}  // namespace spawn
