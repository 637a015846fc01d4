#include "mesh/subjects.hpp"

namespace spawn {
namespace {

constexpr std::string_view channel_prefix = "channel.";

// Printable ASCII without a meaning for transports; '%' begins an escape.
constexpr bool is_plain(char c) noexcept {
  return c > ' ' && c < 0x7f && c != '*' && c != '>' && c != '%' && c != '.';
}

void append_escaped(std::string& out, char c) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  const auto byte = static_cast<unsigned char>(c);
  out += '%';
  out += digits[byte >> 4];
  out += digits[byte & 0xf];
}

// A dot that would leave a token empty is escaped too.
std::string with_dots(std::string_view name) {
  std::string out;
  for (std::size_t i = 0; i < name.size(); ++i) {
    const bool parts_two = name[i] == '.' && i != 0 && name[i - 1] != '.' && i + 1 < name.size();
    if (is_plain(name[i]) || parts_two) {
      out += name[i];
    } else {
      append_escaped(out, name[i]);
    }
  }
  return out;
}

std::string one_token(std::string_view name) {
  std::string out;
  for (const char c : name) {
    if (is_plain(c)) {
      out += c;
    } else {
      append_escaped(out, c);
    }
  }
  return out;
}

int digit(char c) noexcept {
  return c >= '0' && c <= '9' ? c - '0' : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

std::string unescaped(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool is_escape =
        text[i] == '%' && i + 2 < text.size() && digit(text[i + 1]) >= 0 && digit(text[i + 2]) >= 0;
    if (is_escape) {
      out += static_cast<char>(digit(text[i + 1]) << 4 | digit(text[i + 2]));
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

}  // namespace

std::string invocations_subject(std::string_view system) {
  return with_dots(system) + ".actors.actions";
}

std::string channel_subject(std::string_view system, std::string_view topic) {
  return std::string(channel_prefix) + one_token(system) + "." + with_dots(topic);
}

std::optional<std::pair<std::string, std::string>> channel_of_subject(std::string_view subject) {
  if (!subject.starts_with(channel_prefix)) {
    return std::nullopt;
  }
  subject.remove_prefix(channel_prefix.size());
  const auto dot = subject.find('.');
  if (dot == 0 || dot == subject.npos || dot + 1 == subject.size()) {
    return std::nullopt;
  }
  return std::pair(unescaped(subject.substr(0, dot)), unescaped(subject.substr(dot + 1)));
}

}  // namespace spawn
