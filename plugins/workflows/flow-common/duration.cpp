#include "flow-common/duration.hpp"

#include <array>
#include <charconv>
#include <limits>
#include <utility>

namespace spawn::plugin::flows {
namespace {

constexpr std::array<std::pair<std::string_view, std::uint64_t>, 5> units{
    {{"ms", 1}, {"s", 1'000}, {"m", 60'000}, {"h", 3'600'000}, {"d", 86'400'000}}};

}  // namespace

std::optional<std::uint64_t> parse_duration_ms(std::string_view text) {
  std::uint64_t count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (error != std::errc{}) {
    return std::nullopt;
  }
  const std::string_view unit = text.substr(static_cast<std::size_t>(end - text.data()));
  for (const auto& [name, ms] : units) {
    if (unit == name) {
      constexpr auto most = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
      return count > most / ms ? std::nullopt : std::optional(count * ms);
    }
  }
  return std::nullopt;
}

std::int64_t later(std::int64_t now_unix_ms, std::uint64_t after_ms) {
  constexpr std::int64_t last = std::numeric_limits<std::int64_t>::max();
  if (after_ms > static_cast<std::uint64_t>(last)) {
    return last;
  }
  const auto after = static_cast<std::int64_t>(after_ms);
  return now_unix_ms > last - after ? last : now_unix_ms + after;
}

}  // namespace spawn::plugin::flows
