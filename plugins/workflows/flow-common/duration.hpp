// Spans of time in a configuration: "250ms", "5s", "2m", "1h", "7d", or a number of milliseconds.
#pragma once
#include <cstdint>
#include <optional>
#include <string_view>

namespace spawn::plugin::flows {

// Nothing if the text is no span or does not fit into 63 bits.
[[nodiscard]] std::optional<std::uint64_t> parse_duration_ms(std::string_view text);

// The moment `after_ms` from now, held at the end of time instead of wrapping.
[[nodiscard]] std::int64_t later(std::int64_t now_unix_ms, std::uint64_t after_ms);

}  // namespace spawn::plugin::flows
