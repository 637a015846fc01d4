// Which tests are wanted.
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace spawn::check {

// '*' stands for any text, '?' for one character.
[[nodiscard]] bool glob_fits(std::string_view pattern, std::string_view text) noexcept;

// Fits one of `include` (none given: all do) and none of `exclude`.
[[nodiscard]] bool wanted(std::string_view id, const std::vector<std::string>& include,
                          const std::vector<std::string>& exclude) noexcept;

}  // namespace spawn::check
