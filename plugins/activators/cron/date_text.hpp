// A moment as text for people and programs: 2026-03-29T01:00:00Z.
#pragma once
#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <string>

namespace cron_activator {

// Of Unix milliseconds, which due times have in whole seconds.
[[nodiscard]] inline std::string utc_text(std::int64_t unix_ms) {
  namespace c = std::chrono;
  const c::sys_seconds at{c::floor<c::seconds>(c::milliseconds(unix_ms))};
  const auto day = c::floor<c::days>(at);
  const c::year_month_day date(day);
  const c::hh_mm_ss time(at - day);
  std::array<char, 40> out{};
  std::snprintf(out.data(), out.size(), "%04d-%02u-%02uT%02d:%02d:%02dZ",
                static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                static_cast<unsigned>(date.day()), static_cast<int>(time.hours().count()),
                static_cast<int>(time.minutes().count()), static_cast<int>(time.seconds().count()));
  return out.data();
}

}  // namespace cron_activator
