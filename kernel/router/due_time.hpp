// What `scheduled_to` of a request means (protocol.md 6.5).
#pragma once
#include <cstdint>
#include <limits>

#include "base/limits.hpp"

namespace spawn {

// As Unix milliseconds: SDKs send a time, or milliseconds from now. 0 and less: now.
[[nodiscard]] constexpr std::int64_t due_unix_ms(std::int64_t scheduled_to,
                                                 std::int64_t now_ms) noexcept {
  constexpr auto relative_below = static_cast<std::int64_t>(limits::relative_schedule_below_ms);
  if (scheduled_to <= 0) {
    return now_ms;
  }
  return scheduled_to < relative_below ? now_ms + scheduled_to : scheduled_to;
}

}  // namespace spawn
