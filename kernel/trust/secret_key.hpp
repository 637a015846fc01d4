// The half of a key pair that signs. Its file is minisign's, with a password or without.
#pragma once
#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "trust/signature.hpp"

namespace spawn::trust {

// Its seed is wiped when it goes.
struct secret_key {
  secret_key() = default;
  secret_key(const secret_key&) = default;
  secret_key& operator=(const secret_key&) = default;
  ~secret_key();
  key_id id{};
  std::array<unsigned char, 32> seed{};
  std::array<unsigned char, 32> open{};  // the public half
};

// What it costs to try a password, in libsodium's numbers: operations and bytes of memory.
struct password_cost {
  std::uint64_t operations = 33'554'432;
  std::uint64_t memory = 1'073'741'824;
};

[[nodiscard]] result<secret_key> generate_key();
[[nodiscard]] public_key public_half(const secret_key& key);

// The file. An empty password: not encrypted, so the file's mode is all that protects it.
[[nodiscard]] result<std::string> secret_key_text(const secret_key& key, std::string_view password,
                                                  const password_cost& cost = {});

// True for a file that needs a password.
[[nodiscard]] result<bool> is_encrypted(std::string_view text);
// The password is not looked at for a file that is not encrypted. DENIED: the wrong password.
[[nodiscard]] result<secret_key> parse_secret_key(std::string_view text, std::string_view password);

// Signs the data, and the trusted comment with it.
[[nodiscard]] result<signature> sign(const secret_key& key, std::string_view data,
                                     signature_form form, std::string_view trusted_comment);

}  // namespace spawn::trust
