// BLAKE2b (RFC 7693) with 32 bytes of output and no key: OpenSSL has the one with 64 alone, and the
// output's length goes into the hash.
#pragma once
#include <array>
#include <string_view>

namespace spawn::trust {

[[nodiscard]] std::array<unsigned char, 32> blake2b_256(std::string_view bytes) noexcept;

}  // namespace spawn::trust
