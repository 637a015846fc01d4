#include "subject-common/subject.hpp"

namespace subjects {

namespace {

// Takes the token in front of the first dot; `rest` gets what follows, `last` whether nothing does.
std::string_view take(std::string_view& rest, bool& last) noexcept {
  const std::size_t dot = rest.find('.');
  const std::string_view token = rest.substr(0, dot);
  last = dot == std::string_view::npos;
  rest = last ? std::string_view() : rest.substr(dot + 1);
  return token;
}

bool plain(std::string_view token) noexcept {
  for (const char c : token) {
    if (c <= ' ' || c > '~' || c == '*' || c == '>') {
      return false;
    }
  }
  return !token.empty();
}

bool valid(std::string_view text, bool wildcards) noexcept {
  if (text.empty() || text.size() > subject_bytes_max) {
    return false;
  }
  for (bool last = false; !last;) {
    const std::string_view token = take(text, last);
    if (!plain(token) && !(wildcards && (token == "*" || (token == ">" && last)))) {
      return false;
    }
  }
  return true;
}

}  // namespace

bool valid_subject(std::string_view subject) noexcept {
  return valid(subject, false);
}
bool valid_pattern(std::string_view pattern) noexcept {
  return valid(pattern, true);
}

bool matches(std::string_view pattern, std::string_view subject) noexcept {
  for (;;) {
    bool pattern_ends = false;
    bool subject_ends = false;
    const std::string_view want = take(pattern, pattern_ends);
    const std::string_view have = take(subject, subject_ends);
    if (want == ">") {
      return true;
    }
    if (want != "*" && want != have) {
      return false;
    }
    if (pattern_ends || subject_ends) {
      return pattern_ends && subject_ends;
    }
  }
}

}  // namespace subjects
