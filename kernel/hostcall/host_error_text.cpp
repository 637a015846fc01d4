#include "hostcall/host_error_text.hpp"

#include <algorithm>

#include "base/utf8.hpp"

namespace spawn {

std::string host_error_text(int status, std::string_view body) {
  constexpr std::size_t shown_max = 256;
  std::string out = "the host answered HTTP " + std::to_string(status);
  std::string_view line = body.substr(0, body.find_first_of("\r\n"));
  const bool is_cut = line.size() > shown_max;
  line = line.substr(0, shown_max);
  const std::size_t whole = utf8_prefix(line);
  constexpr std::size_t longest_character = 4;
  const bool is_text = whole == line.size() || (is_cut && line.size() - whole < longest_character);
  const bool has_control = std::any_of(line.begin(), line.end(), [](char c) {
    return static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) == 0x7f;
  });
  if (!line.empty() && is_text && !has_control) {
    out += ": ";
    out += line.substr(0, whole);
    out += is_cut ? "..." : "";
  }
  return out;
}

}  // namespace spawn
