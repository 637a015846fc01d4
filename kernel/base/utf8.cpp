#include "base/utf8.hpp"

#include <cstdint>
#include <cstring>

namespace spawn {

std::size_t utf8_prefix(std::string_view text) noexcept {
  const auto* begin = reinterpret_cast<const unsigned char*>(text.data());
  const auto* end = begin + text.size();
  const auto* p = begin;
  while (p < end) {
    if (end - p >= 8) {
      std::uint64_t word = 0;
      std::memcpy(&word, p, sizeof word);
      if ((word & 0x8080808080808080ULL) == 0) {
        p += 8;
        continue;
      }
    }
    const auto at = static_cast<std::size_t>(p - begin);
    const unsigned char lead = *p++;
    if (lead < 0x80) {
      continue;
    }
    int more = 0;
    std::uint32_t code = 0;
    std::uint32_t least = 0;
    if ((lead & 0xe0) == 0xc0) {
      more = 1;
      code = lead & 0x1f;
      least = 0x80;
    } else if ((lead & 0xf0) == 0xe0) {
      more = 2;
      code = lead & 0x0f;
      least = 0x800;
    } else if ((lead & 0xf8) == 0xf0) {
      more = 3;
      code = lead & 0x07;
      least = 0x10000;
    } else {
      return at;
    }
    for (; more > 0; --more) {
      if (p == end || (*p & 0xc0) != 0x80) {
        return at;
      }
      code = (code << 6) | (*p++ & 0x3fu);
    }
    if (code < least || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) {
      return at;
    }
  }
  return text.size();
}

}  // namespace spawn
