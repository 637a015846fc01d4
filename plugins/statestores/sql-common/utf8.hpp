// Whether bytes may stand in a text column.
#pragma once
#include <string_view>

namespace sql_store {

// Well-formed UTF-8 (RFC 3629) without NUL, which PostgreSQL's text can not hold.
[[nodiscard]] bool is_text(std::string_view bytes) noexcept;

}  // namespace sql_store
