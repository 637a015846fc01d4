#include "wire/reader.hpp"

#include <cstring>

namespace spawn::wire {

bool is_utf8(std::string_view text) noexcept {
  const auto* p = reinterpret_cast<const unsigned char*>(text.data());
  const auto* end = p + text.size();
  while (p < end) {
    if (end - p >= 8) {
      std::uint64_t word = 0;
      std::memcpy(&word, p, sizeof word);
      if ((word & 0x8080808080808080ULL) == 0) {
        p += 8;
        continue;
      }
    }
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
      return false;
    }
    for (; more > 0; --more) {
      if (p == end || (*p & 0xc0) != 0x80) {
        return false;
      }
      code = (code << 6) | (*p++ & 0x3fu);
    }
    if (code < least || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) {
      return false;
    }
  }
  return true;
}

std::string_view reader::text() noexcept {
  const auto out = bytes();
  if (!is_utf8(out)) {
    bad_ = true;
    return {};
  }
  return out;
}

void reader::skip() noexcept {
  switch (type_) {
    case type::varint: {
      std::uint64_t ignored = 0;
      bad_ = bad_ || !read_varint(ignored);
      return;
    }
    case type::bytes:
      static_cast<void>(bytes());
      return;
    case type::fixed64:
    case type::fixed32: {
      const std::ptrdiff_t size = type_ == type::fixed64 ? 8 : 4;
      if (end_ - at_ < size) {
        bad_ = true;
        return;
      }
      at_ += size;
      return;
    }
    case type::group:
      break;
  }
  bad_ = true;
}

}  // namespace spawn::wire
