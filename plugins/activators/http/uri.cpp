#include "uri.hpp"

#include <algorithm>
#include <cstdint>

namespace http_activator {

namespace {

int hex(char c) noexcept {
  if (c >= '0' && c <= '9') {
    return c - '0';
  }
  const char lower = static_cast<char>(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

struct utf8_form {
  std::size_t more;     // bytes after the first
  std::uint32_t bits;   // of the first byte that count
  std::uint32_t least;  // below it the form is overlong
};

std::optional<utf8_form> form_of(unsigned char lead) noexcept {
  if ((lead & 0xe0) == 0xc0) {
    return utf8_form{1, 0x1f, 0x80};
  }
  if ((lead & 0xf0) == 0xe0) {
    return utf8_form{2, 0x0f, 0x800};
  }
  if ((lead & 0xf8) == 0xf0) {
    return utf8_form{3, 0x07, 0x10000};
  }
  return std::nullopt;
}

}  // namespace

const std::string* find(const pairs& in, std::string_view name) noexcept {
  const auto at = std::ranges::find(in, name, [](const auto& one) { return one.first; });
  return at == in.end() ? nullptr : &at->second;
}

bool is_utf8(std::string_view bytes) noexcept {
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const auto lead = static_cast<unsigned char>(bytes[i]);
    if (lead < 0x80) {
      continue;
    }
    const auto form = form_of(lead);
    if (!form || bytes.size() - i <= form->more) {
      return false;
    }
    std::uint32_t code = lead & form->bits;
    for (std::size_t k = 0; k < form->more; ++k) {
      const auto next = static_cast<unsigned char>(bytes[++i]);
      if ((next & 0xc0) != 0x80) {
        return false;
      }
      code = code << 6 | (next & 0x3fu);
    }
    if (code < form->least || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) {
      return false;
    }
  }
  return true;
}

bool is_text(std::string_view bytes) noexcept {
  return is_utf8(bytes) && std::ranges::none_of(bytes, [](char c) {
           return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
         });
}

std::optional<std::string> decode_percent(std::string_view text, bool plus_is_blank) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+' && plus_is_blank) {
      out += ' ';
    } else if (text[i] != '%') {
      out += text[i];
    } else {
      const int high = i + 2 < text.size() ? hex(text[i + 1]) : -1;
      const int low = i + 2 < text.size() ? hex(text[i + 2]) : -1;
      if (high < 0 || low < 0) {
        return std::nullopt;
      }
      out += static_cast<char>(high * 16 + low);
      i += 2;
    }
  }
  return is_text(out) ? std::optional(std::move(out)) : std::nullopt;
}

std::optional<std::vector<std::string>> segments_of(std::string_view path) {
  if (!path.starts_with('/')) {
    return std::nullopt;
  }
  std::vector<std::string> out;
  while (!path.empty()) {
    path.remove_prefix(1);
    const auto slash = std::min(path.find('/'), path.size());
    auto one = decode_percent(path.substr(0, slash));
    if (!one) {
      return std::nullopt;
    }
    out.push_back(std::move(*one));
    path.remove_prefix(slash);
  }
  return out;
}

std::optional<pairs> query_of(std::string_view query) {
  pairs out;
  while (!query.empty()) {
    const auto end = std::min(query.find('&'), query.size());
    const auto one = query.substr(0, end);
    query.remove_prefix(std::min(end + 1, query.size()));
    if (one.empty()) {
      continue;
    }
    const auto equals = std::min(one.find('='), one.size());
    auto name = decode_percent(one.substr(0, equals), true);
    auto value = decode_percent(one.substr(std::min(equals + 1, one.size())), true);
    if (!name || !value) {
      return std::nullopt;
    }
    out.emplace_back(std::move(*name), std::move(*value));
  }
  return out;
}

}  // namespace http_activator
