// The parts of a path, each decoded.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "base/percent.hpp"

namespace spawn {

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
