// UTF-8 and the UTF-16 that ODBC's wide functions speak, whatever the locale.
#pragma once
#include <string>
#include <string_view>

namespace mssql_store {

// `utf8` is well-formed (sql_store::is_text).
[[nodiscard]] std::u16string to_utf16(std::string_view utf8);

// Appends as UTF-8; half a surrogate pair becomes U+FFFD.
void append_utf8(std::string& out, std::u16string_view utf16);

}  // namespace mssql_store
