#include "utf16.hpp"

#include <cstdint>

namespace mssql_store {

namespace {

constexpr char32_t replacement = 0xfffd;

bool is_high(char16_t c) noexcept {
  return c >= 0xd800 && c < 0xdc00;
}

bool is_low(char16_t c) noexcept {
  return c >= 0xdc00 && c < 0xe000;
}

void append(std::string& out, char32_t c) {
  const auto tail = [&](int shift) { out += static_cast<char>(0x80 | (c >> shift & 0x3f)); };
  if (c < 0x80) {
    out += static_cast<char>(c);
  } else if (c < 0x800) {
    out += static_cast<char>(0xc0 | c >> 6);
    tail(0);
  } else if (c < 0x10000) {
    out += static_cast<char>(0xe0 | c >> 12);
    tail(6);
    tail(0);
  } else {
    out += static_cast<char>(0xf0 | c >> 18);
    tail(12);
    tail(6);
    tail(0);
  }
}

}  // namespace

std::u16string to_utf16(std::string_view utf8) {
  std::u16string out;
  out.reserve(utf8.size());
  for (std::size_t i = 0; i < utf8.size();) {
    const auto lead = static_cast<unsigned char>(utf8[i]);
    const std::size_t n = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    char32_t c = n == 1 ? lead : lead & (0xffu >> (n + 1));
    for (std::size_t k = 1; k < n && i + k < utf8.size(); ++k) {
      c = c << 6 | (static_cast<unsigned char>(utf8[i + k]) & 0x3fu);
    }
    i += n;
    if (c < 0x10000) {
      out += static_cast<char16_t>(c);
    } else {
      out += static_cast<char16_t>(0xd800 + ((c - 0x10000) >> 10));
      out += static_cast<char16_t>(0xdc00 + ((c - 0x10000) & 0x3ff));
    }
  }
  return out;
}

void append_utf8(std::string& out, std::u16string_view utf16) {
  for (std::size_t i = 0; i < utf16.size(); ++i) {
    const char16_t c = utf16[i];
    if (is_high(c) && i + 1 < utf16.size() && is_low(utf16[i + 1])) {
      append(out, 0x10000 + ((char32_t{c} - 0xd800) << 10) + (char32_t{utf16[++i]} - 0xdc00));
    } else {
      append(out, is_high(c) || is_low(c) ? replacement : char32_t{c});
    }
  }
}

}  // namespace mssql_store
