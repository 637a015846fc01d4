// Texts for people have to be UTF-8.
#pragma once
#include <string_view>

namespace spawn::check {

// Well formed, without overlong forms and surrogates.
[[nodiscard]] bool is_utf8(std::string_view text) noexcept;

}  // namespace spawn::check
