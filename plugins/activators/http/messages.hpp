// A request as it was read, and the answer to be written. Plain data.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "uri.hpp"

namespace http_activator {

struct request {
  std::string method;
  std::string path;  // as sent, still encoded
  pairs params;      // of the path, decoded
  pairs query;       // decoded
  pairs headers;     // names in lower case, the client's order
  std::string body;
  std::string remote;  // the client's address
  std::string client;  // name in the client's certificate; empty without one

  [[nodiscard]] std::string_view header(std::string_view name) const noexcept {
    const auto* value = find(headers, name);
    return value == nullptr ? std::string_view() : *value;
  }
};

struct answer {
  std::uint32_t status = 200;
  std::string content_type;  // empty: without a body
  std::string body;
  pairs headers;
  std::uint32_t retry_after_s = 0;  // 0: says nothing
  bool close = false;               // the connection can not go on after it
};

// An error as application/problem+json (RFC 9457).
[[nodiscard]] answer problem(std::uint32_t status, std::string_view detail,
                             std::uint32_t retry_after_s = 0);

// The answer to the request, or what is wrong with it.
template <class T>
class fallible {
 public:
  fallible(T value) : value_(std::move(value)) {}
  fallible(answer wrong) : wrong_(std::move(wrong)) {}
  [[nodiscard]] explicit operator bool() const noexcept { return value_.has_value(); }
  [[nodiscard]] T& operator*() noexcept { return *value_; }
  [[nodiscard]] T* operator->() noexcept { return &*value_; }
  [[nodiscard]] answer& wrong() noexcept { return wrong_; }

 private:
  std::optional<T> value_;
  answer wrong_;
};

}  // namespace http_activator
