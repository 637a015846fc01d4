#include "glob.hpp"

#include <algorithm>

namespace spawn::check {

bool glob_fits(std::string_view pattern, std::string_view text) noexcept {
  std::size_t p = 0, t = 0;
  std::size_t star = std::string_view::npos, from = 0;  // the last '*', and what it stands for
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      from = t;
    } else if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == text[t])) {
      ++p;
      ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++from;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', p) == std::string_view::npos;
}

bool wanted(std::string_view id, const std::vector<std::string>& include,
            const std::vector<std::string>& exclude) noexcept {
  const auto fits = [id](const std::string& pattern) { return glob_fits(pattern, id); };
  return (include.empty() || std::any_of(include.begin(), include.end(), fits)) &&
         std::none_of(exclude.begin(), exclude.end(), fits);
}

}  // namespace spawn::check
