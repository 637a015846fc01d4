// How long the caller of a request waits.
#pragma once
#include <algorithm>
#include <charconv>
#include <cstdint>
#include <string>

#include "base/result.hpp"
#include "model/invocation.hpp"

namespace spawn {

inline constexpr std::string_view metadata_request_timeout = "request-timeout";

// Metadata "request-timeout" in milliseconds, at most `most`; the default when it is absent
// (protocol.md 5.12, 6.4 [K]). An error when it is no number above 0.
[[nodiscard]] inline result<std::uint64_t> request_timeout_ms(const invocation& request,
                                                              std::uint64_t otherwise,
                                                              std::uint64_t most) {
  const kv_view* asked = request.find_metadata(metadata_request_timeout);
  if (asked == nullptr) {
    return otherwise;
  }
  std::uint64_t ms = 0;
  const auto* end = asked->value.data() + asked->value.size();
  const auto [stopped, failed] = std::from_chars(asked->value.data(), end, ms);
  if (failed != std::errc() || stopped != end || ms == 0) {
    return fail(errc::invalid, "metadata " + std::string(metadata_request_timeout) + " \"" +
                                   std::string(asked->value) +
                                   "\" is not a number of milliseconds above 0");
  }
  return std::min(ms, most);
}

}  // namespace spawn
