// Subjects and patterns: tokens joined by dots; '*' stands for one token, '>' for one or more at
// the end. Pure functions, [any]. What they mean is spawn/plugin/subject.h's.
#pragma once
#include <string_view>

namespace subjects {

// Printable ASCII, no empty token, no wildcard.
[[nodiscard]] bool valid_subject(std::string_view subject) noexcept;
// As above, where a whole token may be '*' and the last one '>'.
[[nodiscard]] bool valid_pattern(std::string_view pattern) noexcept;
// Both are valid.
[[nodiscard]] bool matches(std::string_view pattern, std::string_view subject) noexcept;

}  // namespace subjects
