#include "parameters.hpp"

#include <algorithm>

namespace mssql_store {

namespace {

// Sizes that do not change with the value, so that a driver which declares them to the server
// declares the same each time.
constexpr SQLULEN key_size = spawn::plugin::store_key_bytes_max;
constexpr SQLULEN name_size = spawn::plugin::store_key_bytes_max;
constexpr SQLULEN integer_digits = 19;

}  // namespace

SQLRETURN parameters::bind(SQLHSTMT statement) {
  // A driver may take no pointer for NULL, even where there are no bytes.
  static char nothing = 0;
  SQLUSMALLINT number = 0;
  for (value& v : values_) {
    ++number;
    SQLSMALLINT c_type = SQL_C_BINARY, sql_type = SQL_LONGVARBINARY;
    SQLULEN size = 0;
    const void* from = nullptr;
    SQLLEN bytes = 0;
    switch (v.is) {
      case kind::key:
      case kind::blob: {
        const std::string_view all = v.joined.has_value() ? *v.joined : v.borrowed;
        sql_type = v.is == kind::key ? SQL_VARBINARY : SQL_LONGVARBINARY;
        size = v.is == kind::key ? key_size : std::max<SQLULEN>(all.size(), 1);
        from = all.data();
        bytes = static_cast<SQLLEN>(all.size());
        break;
      }
      case kind::text:
      case kind::name:
        c_type = SQL_C_WCHAR;
        sql_type = v.is == kind::name ? SQL_WVARCHAR : SQL_WLONGVARCHAR;
        size = v.is == kind::name ? name_size : std::max<SQLULEN>(v.wide.size(), 1);
        from = v.wide.data();
        bytes = static_cast<SQLLEN>(v.wide.size() * sizeof(char16_t));
        break;
      case kind::integer:
        c_type = SQL_C_SBIGINT;
        sql_type = SQL_BIGINT;
        size = integer_digits;
        from = &v.number;
        bytes = sizeof(v.number);
        break;
    }
    if (v.length != SQL_NULL_DATA) {
      v.length = bytes;
    }
    // The driver only reads it.
    void* at = from == nullptr ? static_cast<void*>(&nothing) : const_cast<void*>(from);
    const SQLRETURN r = SQLBindParameter(statement, number, SQL_PARAM_INPUT, c_type, sql_type, size,
                                         0, at, bytes, &v.length);
    if (!SQL_SUCCEEDED(r)) {
      return r;
    }
  }
  return SQL_SUCCESS;
}

}  // namespace mssql_store
