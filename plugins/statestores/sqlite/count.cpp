#include "count.hpp"

#include <chrono>
#include <memory>
#include <stdexcept>

#include "schema.hpp"

namespace sqlite_store {

namespace {

struct closer {
  void operator()(sqlite3* db) const noexcept { sqlite3_close(db); }
  void operator()(sqlite3_stmt* s) const noexcept { sqlite3_finalize(s); }
};

}  // namespace

std::string schema_text() {
  return "PRAGMA application_id = " + std::to_string(application_id) + ";\nBEGIN;" + schema_sql +
         "INSERT INTO schema_version VALUES (" + std::to_string(schema_version) +
         ", 0);\nCOMMIT;\n";
}

sql_store::store_counts count(const settings& s) {
  sqlite3* raw = nullptr;
  const int opened =
      sqlite3_open_v2(s.path.c_str(), &raw, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, nullptr);
  const std::unique_ptr<sqlite3, closer> db(raw);
  const auto broken = [&] {
    return std::runtime_error("database '" + s.path +
                              "': " + (raw != nullptr ? sqlite3_errmsg(raw) : "out of memory"));
  };
  if (opened != SQLITE_OK) {
    throw broken();
  }
  sqlite3_busy_timeout(raw, s.busy_timeout_ms);
  // A stop may have to wait for this.
  auto until = std::chrono::steady_clock::now() + std::chrono::seconds(4);
  sqlite3_progress_handler(
      raw, 100'000,
      [](void* at) {
        const auto limit = *static_cast<std::chrono::steady_clock::time_point*>(at);
        return std::chrono::steady_clock::now() > limit ? 1 : 0;
      },
      &until);
  const char* sql =
      "SELECT (SELECT count(*) FROM record), (SELECT count(*) FROM history),"
      " (SELECT page_count * page_size FROM pragma_page_count, pragma_page_size),"
      " (SELECT max(version) FROM schema_version)";
  sqlite3_stmt* made = nullptr;
  const int prepared = sqlite3_prepare_v2(raw, sql, -1, &made, nullptr);
  const std::unique_ptr<sqlite3_stmt, closer> row(made);
  if (prepared != SQLITE_OK || sqlite3_step(made) != SQLITE_ROW) {
    throw broken();
  }
  const auto number = [&](int column) {
    return static_cast<std::uint64_t>(sqlite3_column_int64(made, column));
  };
  return {number(0), number(1), number(2), static_cast<int>(number(3))};
}

}  // namespace sqlite_store
