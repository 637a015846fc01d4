// Base64 (RFC 4648, standard alphabet). Thread: [any]; pure functions.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace spawn {

[[nodiscard]] std::string base64_encode(std::string_view bytes);

// Strict: only the standard alphabet, padded to a multiple of four, no blanks, no stray bits.
[[nodiscard]] std::optional<std::string> base64_decode(std::string_view text);

}  // namespace spawn
