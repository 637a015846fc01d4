// A service account of Google Cloud, which proves itself with tokens that it signs itself: no
// request goes to an authorization server.
#pragma once
#include <openssl/types.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace pubsub {

// Seconds for which a token is good; no server takes a longer one.
inline constexpr std::int64_t token_seconds = 3600;

// Immutable, so for any thread.
class service_account {
 public:
  // From the JSON of a key file. Throws refused, which says what is wrong with it and never quotes
  // the key.
  explicit service_account(std::string_view json);

  // A JWT signed with RS256 for `audience`, good from `unix_seconds` for token_seconds. Throws
  // std::runtime_error if OpenSSL does not sign.
  [[nodiscard]] std::string token(std::string_view audience, std::int64_t unix_seconds) const;

  [[nodiscard]] const std::string& email() const noexcept { return email_; }

 private:
  struct free_key {
    void operator()(EVP_PKEY* key) const noexcept;
  };

  std::string email_, key_id_;
  std::unique_ptr<EVP_PKEY, free_key> key_;
};

// base64 for URLs, without padding (RFC 4648, section 5).
[[nodiscard]] std::string base64url(std::string_view bytes);

}  // namespace pubsub
