// What went wrong, said once for machines (errc) and once for people (text).
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace spawn {

// What the caller does about it. Numbers equal spawn_status of the plugin ABI (abi.h), so a status
// crosses the border without a table; kernel/plugin asserts that they agree.
enum class errc : std::int32_t {
  ok = 0,
  invalid = 1,
  not_found = 2,
  conflict = 3,
  unavailable = 5,
  unknown_outcome = 6,
  deadline = 7,
  cancelled = 8,
  exhausted = 9,
  too_large = 10,
  denied = 11,
  unsupported = 12,
  corrupt = 13,
  shutdown = 14,
  internal = 15,
  aborted = 16,
};

// Upper-case name, as metrics and logs print it ("UNAVAILABLE").
[[nodiscard]] constexpr std::string_view name(errc code) noexcept {
  switch (code) {
    case errc::ok:
      return "OK";
    case errc::invalid:
      return "INVALID_ARGUMENT";
    case errc::not_found:
      return "NOT_FOUND";
    case errc::conflict:
      return "CONFLICT";
    case errc::unavailable:
      return "UNAVAILABLE";
    case errc::unknown_outcome:
      return "OUTCOME_UNKNOWN";
    case errc::deadline:
      return "DEADLINE_EXCEEDED";
    case errc::cancelled:
      return "CANCELLED";
    case errc::exhausted:
      return "RESOURCE_EXHAUSTED";
    case errc::too_large:
      return "TOO_LARGE";
    case errc::denied:
      return "DENIED";
    case errc::unsupported:
      return "UNSUPPORTED";
    case errc::corrupt:
      return "CORRUPT";
    case errc::shutdown:
      return "SHUTDOWN";
    case errc::internal:
      return "INTERNAL";
    case errc::aborted:
      return "ABORTED";
  }
  return "INTERNAL";
}

// A failure on its way up. Cheap to move; carries its cause as text, outermost context first.
struct error {
  errc code = errc::internal;
  std::uint32_t retry_after_ms = 0;
  std::string text;

  // The same failure seen from one level higher: "reading spawn.yaml: permission denied".
  [[nodiscard]] error within(std::string_view context) && {
    text = std::string(context) + ": " + text;
    return std::move(*this);
  }
};

}  // namespace spawn
