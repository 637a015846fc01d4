// Requests and answers of the admin API, apart from how they travel.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "model/outcome.hpp"

namespace spawn {

struct admin_request {
  std::string method;
  std::string path;                // as it came, without the query
  std::vector<std::string> parts;  // the path's pieces, percent-decoded
  std::vector<std::pair<std::string, std::string>> query;
  std::string body;

  // Value of a query parameter, or "".
  [[nodiscard]] std::string_view param(std::string_view key) const noexcept;
};

struct admin_response {
  int status = 200;
  std::string content_type = "application/json";
  std::string body;
  std::string allow;                // of a 405
  std::uint32_t retry_after_s = 0;  // of a 503
  bool then_drain = false;          // once the answer is sent
};

// A whole number of a query. False: there is something else there.
[[nodiscard]] bool read_number(std::string_view given, std::uint64_t& out);

// Fills path, parts and query from the request line's target.
[[nodiscard]] result<void> read_target(std::string_view target, admin_request& into);

// application/problem+json (RFC 9457).
[[nodiscard]] admin_response admin_problem(int status, std::string_view title,
                                           std::string_view detail);
// A failed invocation; unknown actors and actions are 404 here.
[[nodiscard]] admin_response admin_problem(const outcome& ended);
[[nodiscard]] admin_response bad_request(std::string_view detail);
// Something did not come in time: the kernel is busy, trying again may help.
[[nodiscard]] admin_response lane_is_busy();

// Compares without telling by its time how much was right.
[[nodiscard]] bool same_secret(std::string_view given, std::string_view wanted) noexcept;

}  // namespace spawn
