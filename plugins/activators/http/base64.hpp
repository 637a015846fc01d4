// Base64 as RFC 4648 has it, with its padding. [any]
#pragma once
#include <openssl/evp.h>

#include <optional>
#include <string>
#include <string_view>

namespace http_activator {

// Nothing if it is not base64.
[[nodiscard]] inline std::optional<std::string> from_base64(std::string_view text) {
  const auto data = std::min(text.find('='), text.size());
  const auto padding = text.size() - data;
  constexpr std::string_view alphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  if (text.size() % 4 != 0 || padding > 2 || text.substr(data) != std::string(padding, '=') ||
      text.substr(0, data).find_first_not_of(alphabet) != text.npos) {
    return std::nullopt;
  }
  std::string out(text.size() / 4 * 3, '\0');
  const int size = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                                   reinterpret_cast<const unsigned char*>(text.data()),
                                   static_cast<int>(text.size()));
  if (size < 0) {
    return std::nullopt;
  }
  out.resize(static_cast<std::size_t>(size) - padding);
  return out;
}

}  // namespace http_activator
