// connection: one ODBC connection whose calls end at a deadline. Statements are prepared on their
// first use and kept until the connection ends. Errors are thrown as odbc_error or sql_error.
// Thread: one at a time.
#pragma once
#include <sql.h>
#include <sqlext.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>

#include "errors.hpp"
#include "parameters.hpp"
#include "rows.hpp"
#include "settings.hpp"
#include "spawn/plugin/cpp/host.hpp"
#include "watchdog.hpp"

namespace mssql_store {

class connection {
 public:
  connection(spawn::plugin::host_ref host, const settings& from, watchdog& dog)
      : host_(host), settings_(from), dog_(dog), watched_(dog) {}
  connection(const connection&) = delete;
  connection& operator=(const connection&) = delete;
  ~connection() { close(); }

  [[nodiscard]] bool is_open() const noexcept { return dbc_ != SQL_NULL_HDBC; }
  void open();
  void close() noexcept;
  void set_deadline(std::uint64_t ns) noexcept { deadline_ns_ = ns; }

  // The rows of a statement, whose columns are `shape` (rows::fetch).
  rows query(const std::string& text, parameters with, std::string_view shape);
  // How many rows a statement changed.
  std::int64_t change(const std::string& text, parameters with);
  // A statement of the schema, not kept.
  void define(const std::string& text);

  // Outside of these two each statement stands for itself.
  void begin();
  // in_doubt: what the caller changed makes a difference, so that a COMMIT without an answer is
  // thrown with in_commit.
  void commit(bool in_doubt);
  // Ends whatever is open, if the connection still answers.
  void roll_back() noexcept;

 private:
  // Runs one call of the driver under the watchdog; what it answered.
  template <class Call>
  SQLRETURN timed(const Call& call);
  [[noreturn]] void lose(const std::string& why, bool in_commit = false);
  // Throws what the driver says of this handle. A connection that is no more of use is closed.
  [[noreturn]] void fail(SQLSMALLINT type, SQLHANDLE handle);
  struct said {
    std::string state, text;
    int native = 0;
  };
  [[nodiscard]] said ask(SQLSMALLINT type, SQLHANDLE handle) const;
  [[nodiscard]] bool is_dead() const noexcept;
  void require_open() const;
  void connect(const socket_names& before);
  void set_attribute(SQLINTEGER which, std::uintptr_t value);
  void set_autocommit(bool on);
  [[nodiscard]] SQLHSTMT make_statement();
  [[nodiscard]] SQLHSTMT prepared(const std::string& text);
  void execute(SQLHSTMT statement, parameters& with);

  spawn::plugin::host_ref host_;
  const settings& settings_;
  watchdog& dog_;
  watchdog::watched watched_;
  SQLHENV env_ = SQL_NULL_HENV;
  SQLHDBC dbc_ = SQL_NULL_HDBC;
  bool connected_ = false;  // SQLDisconnect has something to end
  bool cut_ = false;
  bool in_transaction_ = false;
  std::uint64_t deadline_ns_ = 0;
  std::unordered_map<std::string, SQLHSTMT> prepared_;
};

}  // namespace mssql_store
