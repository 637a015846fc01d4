// Keys as people write them, and what nobody else is shown. No message ever shows any part of one.
// Thread: [any]; pure functions.
#pragma once
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "config/settings.hpp"

namespace spawn::config {

// Base64 of exactly 32 bytes; blanks around it are forgiven.
[[nodiscard]] result<key_bytes> decode_key(std::string_view text);

// Written out in the file instead of through ${...}, it still is nobody's business: a key that has
// password, secret, token or the like in its name.
[[nodiscard]] bool names_secret(std::string_view key) noexcept;

// A URL's password becomes (secret); any other text stays as it is.
[[nodiscard]] std::string without_password(std::string_view text);

}  // namespace spawn::config
