// A signature file as minisign writes it: reading, writing, and checking it against bytes.
#pragma once
#include <array>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "trust/public_key.hpp"

namespace spawn::trust {

// legacy: over the bytes themselves. prehashed: over their BLAKE2b-512.
enum class signature_form { legacy, prehashed };

struct signature {
  signature_form form = signature_form::prehashed;
  key_id key{};
  std::array<unsigned char, 64> bytes{};
  std::string untrusted_comment;           // anyone may have changed it
  std::string trusted_comment;             // covered by `global`
  std::array<unsigned char, 64> global{};  // over `bytes` and the trusted comment
};

[[nodiscard]] result<signature> parse_signature(std::string_view text);
[[nodiscard]] std::string signature_text(const signature& from);

// What is signed: the data, or its digest. Empty when OpenSSL can not make the digest.
[[nodiscard]] std::string signed_bytes(signature_form form, std::string_view data);

// DENIED with the reason: made with another key, not of these bytes, or its trusted comment was
// changed. [any]
[[nodiscard]] result<void> verify(const signature& of, const public_key& key,
                                  std::string_view data);

}  // namespace spawn::trust
