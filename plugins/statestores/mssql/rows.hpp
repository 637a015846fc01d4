// rows: what one statement answered, read from the driver to its end.
#pragma once
#include <sql.h>
#include <sqlext.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace mssql_store {

class rows {
 public:
  // Reads the next row, whose columns are `shape`: i whole numbers, b bytes, t text (given as
  // UTF-8). What the driver answered last: SQL_SUCCESS, SQL_NO_DATA after the last row, or an
  // error.
  [[nodiscard]] SQLRETURN fetch(SQLHSTMT statement, std::string_view shape);

  [[nodiscard]] int size() const noexcept {
    return columns_ == 0 ? 0 : static_cast<int>(cells_.size() / columns_);
  }
  [[nodiscard]] bool is_null(int row, int column) const noexcept { return at(row, column).null; }
  // Borrowed from the rows; empty when NULL.
  [[nodiscard]] std::string_view bytes(int row, int column) const noexcept {
    const cell& c = at(row, column);
    return std::string_view(bytes_).substr(c.first, c.size);
  }
  // 0 when NULL.
  [[nodiscard]] std::int64_t integer(int row, int column) const noexcept {
    return at(row, column).number;
  }
  [[nodiscard]] std::uint64_t word(int row, int column) const noexcept {
    return static_cast<std::uint64_t>(integer(row, column));
  }

 private:
  struct cell {
    std::size_t first = 0, size = 0;  // in bytes_
    std::int64_t number = 0;
    bool null = false;
  };

  [[nodiscard]] const cell& at(int row, int column) const noexcept {
    return cells_[static_cast<std::size_t>(row) * columns_ + static_cast<std::size_t>(column)];
  }
  SQLRETURN read_bytes(SQLHSTMT statement, SQLUSMALLINT column, cell& to);
  SQLRETURN read_text(SQLHSTMT statement, SQLUSMALLINT column, cell& to);

  std::size_t columns_ = 0;
  std::vector<cell> cells_;
  std::string bytes_;
  std::string piece_;  // what one call of the driver gave
};

}  // namespace mssql_store
