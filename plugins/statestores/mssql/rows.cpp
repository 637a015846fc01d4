#include "rows.hpp"

#include <algorithm>

#include "utf16.hpp"

namespace mssql_store {

namespace {

constexpr std::size_t piece_bytes = 8 * 1'024;      // when the rest is not known
constexpr std::size_t piece_bytes_max = 64u << 20;  // of one call, when it is

// One value in pieces. `take(buffer, bytes)` gets each of them; `end` bytes of a full buffer are
// the driver's terminator. True in `null` when it has no value.
template <class Buffer, class Take>
SQLRETURN in_pieces(SQLHSTMT statement, SQLUSMALLINT column, SQLSMALLINT type, Buffer& buffer,
                    std::size_t end, bool& null, const Take& take) {
  constexpr std::size_t unit = sizeof(buffer[0]);
  buffer.resize(piece_bytes / unit);
  for (;;) {
    const std::size_t room = buffer.size() * unit;
    SQLLEN left = 0;
    const SQLRETURN r =
        SQLGetData(statement, column, type, buffer.data(), static_cast<SQLLEN>(room), &left);
    if (r == SQL_NO_DATA) {
      return SQL_SUCCESS;
    }
    if (!SQL_SUCCEEDED(r)) {
      return r;
    }
    if (left == SQL_NULL_DATA) {
      null = true;
      return SQL_SUCCESS;
    }
    const std::size_t most = room - end;
    const bool more = left == SQL_NO_TOTAL || static_cast<std::size_t>(left) > most;
    const std::size_t got = more ? most : static_cast<std::size_t>(left);
    take(got);
    if (!more) {
      return SQL_SUCCESS;
    }
    const std::size_t rest =
        left == SQL_NO_TOTAL ? piece_bytes : static_cast<std::size_t>(left) - got;
    buffer.resize((std::min(rest, piece_bytes_max) + end) / unit);
  }
}

}  // namespace

SQLRETURN rows::read_bytes(SQLHSTMT statement, SQLUSMALLINT column, cell& to) {
  to.first = bytes_.size();
  const SQLRETURN r = in_pieces(statement, column, SQL_C_BINARY, piece_, 0, to.null,
                                [&](std::size_t got) { bytes_.append(piece_, 0, got); });
  to.size = bytes_.size() - to.first;
  return r;
}

SQLRETURN rows::read_text(SQLHSTMT statement, SQLUSMALLINT column, cell& to) {
  std::u16string piece, whole;
  to.first = bytes_.size();
  const SQLRETURN r =
      in_pieces(statement, column, SQL_C_WCHAR, piece, sizeof(char16_t), to.null,
                [&](std::size_t got) { whole.append(piece, 0, got / sizeof(char16_t)); });
  append_utf8(bytes_, whole);
  to.size = bytes_.size() - to.first;
  return r;
}

SQLRETURN rows::fetch(SQLHSTMT statement, std::string_view shape) {
  columns_ = shape.size();
  if (const SQLRETURN r = SQLFetch(statement); !SQL_SUCCEEDED(r)) {
    return r;
  }
  for (SQLUSMALLINT column = 1; const char kind : shape) {
    cell c;
    SQLRETURN r = SQL_SUCCESS;
    if (kind == 'i') {
      SQLBIGINT number = 0;
      SQLLEN size = 0;
      r = SQLGetData(statement, column, SQL_C_SBIGINT, &number, sizeof(number), &size);
      c.null = size == SQL_NULL_DATA;
      c.number = c.null ? 0 : number;
    } else if (kind == 't') {
      r = read_text(statement, column, c);
    } else {
      r = read_bytes(statement, column, c);
    }
    if (!SQL_SUCCEEDED(r)) {
      return r == SQL_NO_DATA ? SQL_ERROR : r;
    }
    cells_.push_back(c);
    ++column;
  }
  return SQL_SUCCESS;
}

}  // namespace mssql_store
