#include "config/secrets.hpp"

#include <algorithm>

#include "base/base64.hpp"

namespace spawn::config {

result<key_bytes> decode_key(std::string_view text) {
  constexpr std::string_view blanks = " \t\r\n";
  const auto first = text.find_first_not_of(blanks);
  if (first == std::string_view::npos) {
    return fail(errc::invalid, "the key is empty; expected base64 of 32 bytes");
  }
  text = text.substr(first, text.find_last_not_of(blanks) - first + 1);
  const auto bytes = base64_decode(text);
  if (!bytes) {
    return fail(errc::invalid,
                "the key is not valid base64 (standard alphabet, with padding); `openssl rand "
                "-base64 32` makes one");
  }
  key_bytes key;
  if (bytes->size() != key.size()) {
    return fail(errc::invalid, "the key has " + std::to_string(bytes->size()) +
                                   " bytes; expected base64 of 32 bytes");
  }
  std::copy(bytes->begin(), bytes->end(), key.begin());
  return key;
}

bool names_secret(std::string_view key) noexcept {
  for (const std::string_view word : {"password", "passwd", "secret", "token", "private_key"}) {
    if (key.find(word) != key.npos) {
      return true;
    }
  }
  return false;
}

std::string without_password(std::string_view text) {
  const auto scheme = text.find("://");
  if (scheme == text.npos) {
    return std::string(text);
  }
  const auto begin = scheme + 3;
  const auto authority = text.substr(begin, text.find_first_of("/?#", begin) - begin);
  // The last @: a password that was not encoded may have one.
  const auto at = authority.rfind('@');
  const auto colon = authority.find(':');
  if (at == authority.npos || colon == authority.npos || colon > at) {
    return std::string(text);
  }
  return std::string(text.substr(0, begin + colon + 1)) + "(secret)" +
         std::string(text.substr(begin + at));
}

}  // namespace spawn::config
