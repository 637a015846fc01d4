// Keys as people write them. No message ever shows any part of one.
// Thread: [any]; pure functions.
#pragma once
#include <string_view>

#include "base/result.hpp"
#include "config/settings.hpp"

namespace spawn::config {

// Base64 of exactly 32 bytes; blanks around it are forgiven.
[[nodiscard]] result<key_bytes> decode_key(std::string_view text);

}  // namespace spawn::config
