#include "mesh/subjects.hpp"

#include "base/percent.hpp"

namespace spawn {
namespace {

constexpr std::string_view channel_prefix = "channel.";
constexpr std::string_view invocations_suffix = ".actors.actions";

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

}  // namespace

std::string invocations_subject(std::string_view system) {
  return with_dots(system) + std::string(invocations_suffix);
}

std::string channel_subject(std::string_view system, std::string_view topic) {
  std::string out = std::string(channel_prefix) + one_token(system) + "." + with_dots(topic);
  if (out.ends_with(invocations_suffix)) {  // that is how calls to some system look
    out.replace(out.rfind('.') + 1, 1, "%61");
  }
  return out;
}

std::optional<std::pair<std::string, std::string>> channel_of_subject(std::string_view subject) {
  if (!subject.starts_with(channel_prefix) || subject.ends_with(invocations_suffix)) {
    return std::nullopt;
  }
  subject.remove_prefix(channel_prefix.size());
  const auto dot = subject.find('.');
  if (dot == 0 || dot == subject.npos || dot + 1 == subject.size()) {
    return std::nullopt;
  }
  return std::pair(decode_percent(subject.substr(0, dot)), decode_percent(subject.substr(dot + 1)));
}

}  // namespace spawn
