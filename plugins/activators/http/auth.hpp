// Who may call a route: bearer tokens, or a signature over the body with a shared secret.
#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "messages.hpp"

namespace http_activator {

// Kept as digests, so that a comparison takes as long whatever was sent.
struct bearer_rule {
  using digest = std::array<unsigned char, 32>;
  std::vector<digest> tokens;

  void add(std::string_view token);
};

struct hmac_rule {
  std::vector<std::string> secrets;  // the present one, and one that is being replaced
  std::string header;                // that carries the signature, in lower case
  std::string prefix;                // before it in the header, "sha256="
  std::string algorithm = "sha256";  // or sha1, sha512
  bool base64 = false;               // else hexadecimal
  std::string timestamp_header;      // in lower case; empty: a signature is good for ever
  std::int64_t tolerance_ms = 300'000;
  std::string signed_text = "{body}";  // also {timestamp}
};

using auth_rule = std::variant<std::monostate, bearer_rule, hmac_rule>;

// Nothing when the request may pass, else what to answer. The body has to be there for hmac_rule.
// [any]
[[nodiscard]] std::optional<answer> refuse_stranger(const auth_rule& rule, const request& from,
                                                    std::int64_t unix_ms);

// Bearer rules need no body: a stranger is turned away before it is read.
[[nodiscard]] inline bool needs_body(const auth_rule& rule) noexcept {
  return std::holds_alternative<hmac_rule>(rule);
}

}  // namespace http_activator
