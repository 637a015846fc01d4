// The parts of a path, each decoded.
#pragma once
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

namespace spawn {

// "%2F" and the like; what is no escape stays as it is (RFC 3986, 2.1).
[[nodiscard]] inline std::string decode_percent(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    unsigned value = 0;
    if (text[i] == '%' && i + 2 < text.size() &&
        std::sscanf(std::string(text.substr(i + 1, 2)).c_str(), "%2x", &value) == 1) {
      out += static_cast<char>(value);
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

[[nodiscard]] inline std::vector<std::string> path_parts(std::string_view path) {
  std::vector<std::string> out;
  for (;;) {
    const auto slash = path.find('/');
    out.push_back(decode_percent(path.substr(0, slash)));
    if (slash == path.npos) {
      return out;
    }
    path.remove_prefix(slash + 1);
  }
}

}  // namespace spawn
