// A request as the routes see it, and what they answer.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "model/outcome.hpp"

namespace spawn {

enum class http_method : std::uint8_t { get, post, head, del, other };

struct http_request {
  http_method method = http_method::other;
  std::string target;  // path and query as they came
  std::string content_type;
  std::string traceparent;
  std::string spawn_host;
  std::string authorization;
  std::optional<std::string> idempotency_key;  // of the header, as it came
  std::string body;
  bool from_loopback = false;
  std::string remote_address;

  [[nodiscard]] std::string_view path() const noexcept {
    return std::string_view(target).substr(0, target.find('?'));
  }
  // Value of a query parameter, "" when absent.
  [[nodiscard]] std::string_view query(std::string_view key) const noexcept;
};

struct http_response {
  int status = 200;
  std::string_view content_type = "application/octet-stream";
  std::uint32_t retry_after_s = 0;
  std::string_view allow;  // with 405
  std::string body;
  failure why = failure::none;  // for the log and the metric
  std::string text;
};

[[nodiscard]] std::string_view reason_of(int status) noexcept;

}  // namespace spawn
