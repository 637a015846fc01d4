// The little cryptography that sealing needs besides the cipher itself.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace spawn {

// 32 key bytes, wiped when they go. Movable and copyable; every copy wipes itself.
class secret_key {
 public:
  static constexpr std::size_t size = 32;
  secret_key() noexcept = default;
  secret_key(const secret_key&) noexcept = default;
  secret_key& operator=(const secret_key&) noexcept = default;
  ~secret_key();
  [[nodiscard]] unsigned char* data() noexcept { return bytes_.data(); }
  [[nodiscard]] const unsigned char* data() const noexcept { return bytes_.data(); }

 private:
  std::array<unsigned char, size> bytes_{};
};

using key_id = std::array<unsigned char, 8>;
using seal_salt = std::array<unsigned char, 16>;

// Which data key: that of the incarnation that drew `salt` under the master key `key`.
struct data_key_id {
  key_id key{};
  seal_salt salt{};
  friend bool operator==(const data_key_id&, const data_key_id&) = default;
};

// Base64 of exactly 32 bytes; white space around it is ignored, as key files end in a newline.
// `where` is the configuration key for the error, which never shows the text itself. [any]
[[nodiscard]] result<secret_key> parse_master_key(std::string_view base64, std::string_view where);

// First 8 bytes of SHA-256 of the key: names a key without telling it. [any]
[[nodiscard]] result<key_id> id_of(const secret_key& master);
[[nodiscard]] std::string to_hex(const key_id& id);

// HKDF-SHA256. [any]
[[nodiscard]] result<secret_key> derive_data_key(const secret_key& master, const seal_salt& salt);

[[nodiscard]] result<seal_salt> random_salt();  // [any]

// SHA-256 as 64 lower-case hex digits. [any]
[[nodiscard]] std::string name_digest(std::string_view bytes);

}  // namespace spawn
