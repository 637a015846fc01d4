// What a driver's SQLSTATE and the server's own number mean for a transaction. Sources: the ODBC
// reference's appendix A, the SQL Server error list, PostgreSQL's appendix A, MariaDB's list. The
// numbers of SQL Server are unproven.
#pragma once
#include <string_view>

#include "sql-common/session.hpp"

namespace mssql_store {

// An error as the driver tells it.
class odbc_error : public sql_store::sql_error {
 public:
  odbc_error(sql_store::trouble kind, const std::string& why, std::string_view state, int native,
             bool in_commit = false)
      : sql_error(kind, why, in_commit), state_(state), native_(native) {}
  [[nodiscard]] const std::string& state() const noexcept { return state_; }
  [[nodiscard]] int native() const noexcept { return native_; }

 private:
  std::string state_;
  int native_;
};

[[nodiscard]] inline sql_store::trouble kind_of(std::string_view state, int native) noexcept {
  using sql_store::trouble;
  switch (native) {
    case 1020:  // MariaDB: the record has changed since it was read
    case 1205:  // SQL Server: deadlock victim; MariaDB: lock wait timeout
    case 1213:  // MariaDB: deadlock
    case 1222:  // SQL Server: lock wait timeout
    case 2601:  // SQL Server: the key is there already: two made it at once
    case 2627:
    case 3960:  // SQL Server: a snapshot meets a newer change
      return trouble::retry;
    case 605:  // SQL Server: a page that is not what it should be
    case 823:
    case 824:
    case 825:
      return trouble::corrupt;
    case 3906:  // SQL Server: read-only: after a failover another server is the one to write to
      return trouble::lost;
    default:
      break;
  }
  // 40003: it is not known what came of the statement, which is rolled back with its connection.
  if (state == "40003") {
    return trouble::lost;
  }
  if (state.starts_with("40") || state == "23000" || state == "23505" || state == "55P03") {
    return trouble::retry;
  }
  if (state == "XX001" || state == "XX002") {
    return trouble::corrupt;
  }
  if (state == "22001" || state.starts_with("54")) {
    return trouble::too_large;
  }
  // HY000 is what PostgreSQL's driver says of a connection that was ended, and nothing better is
  // known of it anywhere: a new connection does no harm. 26000: a prepared statement that is gone.
  const bool gone = state.starts_with("08") || state.starts_with("57P") || state == "HYT00" ||
                    state == "HYT01" || state == "HY000" || state == "HY117" || state == "25006" ||
                    state == "26000" || state.starts_with("IM") || state.empty();
  return gone ? trouble::lost : trouble::refused;
}

// A COMMIT that ends so has left nothing behind; of any other end only the server knows.
[[nodiscard]] inline bool is_rolled_back(std::string_view state, int native) noexcept {
  return state == "40001" || state == "40P01" || state == "40002" || state == "23000" ||
         state == "23505" || (native == 1205 && state.starts_with("40"));
}

[[nodiscard]] inline bool is_missing_table(const odbc_error& e) noexcept {
  return e.state() == "42S02" || e.state() == "42P01" || e.native() == 208;
}

}  // namespace mssql_store
