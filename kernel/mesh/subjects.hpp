// Names of subjects on the transport. The transport puts its own prefix before them: "spawn",
// unless it is configured otherwise.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace spawn {

// Where the kernels of a system take invocations, and their queue group (protocol.md 9.2). Dots in
// the name stay; bytes that a subject can not carry are percent-encoded.
[[nodiscard]] std::string invocations_subject(std::string_view system);

// Where what is sent to a channel of a system goes: "channel.<system>.<topic>". The system is one
// token; the topic keeps its dots, so that listeners can ask for "channel.shop.orders.>".
[[nodiscard]] std::string channel_subject(std::string_view system, std::string_view topic);
inline constexpr std::string_view all_channels_pattern = "channel.>";
// System and topic of such a subject; nothing of any other.
[[nodiscard]] std::optional<std::pair<std::string, std::string>> channel_of_subject(
    std::string_view subject);

}  // namespace spawn
