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

}  // namespace spawn::config
