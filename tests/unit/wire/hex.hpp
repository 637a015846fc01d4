// Bytes as the protocol's tables print them.
#pragma once
#include <string>
#include <string_view>

namespace spawn::test {

[[nodiscard]] inline std::string from_hex(std::string_view hex) {
  const auto digit = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
  std::string out;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    out += static_cast<char>(digit(hex[i]) << 4 | digit(hex[i + 1]));
  }
  return out;
}

}  // namespace spawn::test
