// Hashes and encodings that the requests of AWS are made of. Pure functions. [any]
#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace sqs {

// 32 raw bytes.
[[nodiscard]] std::string sha256(std::string_view bytes);
[[nodiscard]] std::string hmac_sha256(std::string_view key, std::string_view bytes);

// Lower-case hexadecimal digits.
[[nodiscard]] std::string hex(std::string_view bytes);

[[nodiscard]] std::string base64(std::string_view bytes);
// Nothing when it is not base64 with padding.
[[nodiscard]] std::optional<std::string> from_base64(std::string_view text);

// `count` random bytes as hexadecimal digits. Throws std::runtime_error.
[[nodiscard]] std::string random_hex(std::size_t count);

}  // namespace sqs
