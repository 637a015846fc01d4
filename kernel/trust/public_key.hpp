// Whose signatures count: a public key as minisign writes it.
#pragma once
#include <array>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace spawn::trust {

using key_id = std::array<unsigned char, 8>;

struct public_key {
  key_id id{};
  std::array<unsigned char, 32> bytes{};  // Ed25519
  bool operator==(const public_key&) const = default;
};

// As minisign prints it: 16 hex digits in upper case.
[[nodiscard]] std::string text_of(const key_id& id);

// True for what can only be meant as a key's line, not as a path: 56 characters from "RW".
[[nodiscard]] bool looks_like_key(std::string_view text) noexcept;

// The base64 line alone, or the file: a comment and that line. [any]
[[nodiscard]] result<public_key> parse_public_key(std::string_view text);

// The line, and the whole file.
[[nodiscard]] std::string key_line(const public_key& key);
[[nodiscard]] std::string public_key_text(const public_key& key);

}  // namespace spawn::trust
