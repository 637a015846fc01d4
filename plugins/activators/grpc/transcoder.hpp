// JSON over HTTP to messages and back.
#pragma once
#include <string>
#include <string_view>

#include "http_rules.hpp"
#include "status.hpp"

namespace grpc_source {

struct http_request {
  std::string_view verb, target;  // as in the request's first line
  std::string_view body;
};

// Reads requests by the rules. Stateless; [any].
class transcoder {
 public:
  explicit transcoder(const http_rule_table& rules) : rules_(rules) {}

  // Which rpc it is, and its message's bytes.
  [[nodiscard]] status read(const http_request& from, const http_binding*& what,
                            std::string& message) const;
  // The answer as JSON.
  [[nodiscard]] static status write(const http_binding& what, const std::string& message,
                                    std::string& json);
  // {"code", "message", "details"}
  [[nodiscard]] static std::string error_body(const status& s);

 private:
  const http_rule_table& rules_;
};

}  // namespace grpc_source
