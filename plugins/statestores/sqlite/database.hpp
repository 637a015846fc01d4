// database: one connection to one file, its schema and its prepared statements. Life: open() may be
// called again after close(), which is how the store recovers. Thread: one at a time (the kernel's
// control thread for open, then the store's own thread).
#pragma once
#include <sqlite3.h>

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sqlite_store {

struct settings {
  std::string path;  // absolute
  std::uint32_t history_keep = 0;
  std::uint64_t history_keep_ms = 0;
  int busy_timeout_ms = 2000;
  bool full_sync = true;
  int cache_kib = 65536;
  int checkpoint_mib = 32;
  std::uint64_t max_record_bytes = 64u << 20;
};

// Why a statement or an open did not work.
struct failure {
  int code;  // SQLITE_*, extended
  std::string text;
};

enum class query : std::uint8_t {
  begin_read,
  begin_write,
  commit,
  rollback,
  savepoint,
  release,
  rollback_to,
  head,
  load_head,
  load_past,
  insert,
  update,
  tombstone,
  purge,
  rewrite_head,
  rewrite_past,
  past_add,
  past_drop_key,
  past_drop_key_if_expired,
  past_keep,
  past_keep_ms,
  list_up,
  list_down,
  history_up,
  history_down,
  sweep_past,
  sweep_payload,
  sweep_collect,
  count
};

class database;

// One use of a prepared statement; leaves it reset and without bindings. Bound bytes are borrowed
// and must live as long as this.
class statement {
 public:
  statement(sqlite3_stmt* s) noexcept : s_(s) {}
  statement(const statement&) = delete;
  statement& operator=(const statement&) = delete;
  ~statement() {
    sqlite3_reset(s_);
    sqlite3_clear_bindings(s_);
  }

  statement& integer(int at, std::int64_t v) noexcept {
    sqlite3_bind_int64(s_, at, v);
    return *this;
  }
  // Full 64 bits, stored as SQLite's signed integer.
  statement& word(int at, std::uint64_t v) noexcept {
    return integer(at, static_cast<std::int64_t>(v));
  }
  statement& blob(int at, std::string_view v) noexcept {
    sqlite3_bind_blob64(s_, at, v.empty() ? "" : v.data(), v.size(), SQLITE_STATIC);
    return *this;
  }
  statement& string(int at, std::string_view v) noexcept {
    sqlite3_bind_text64(s_, at, v.empty() ? "" : v.data(), v.size(), SQLITE_STATIC, SQLITE_UTF8);
    return *this;
  }
  statement& string(int at, const std::optional<std::string>& v) noexcept {
    return v.has_value() ? string(at, std::string_view(*v)) : *this;
  }

  // SQLITE_ROW, SQLITE_DONE or an error.
  [[nodiscard]] int step() noexcept { return sqlite3_step(s_); }

  [[nodiscard]] bool is_null(int column) const noexcept {
    return sqlite3_column_type(s_, column) == SQLITE_NULL;
  }
  [[nodiscard]] std::int64_t integer_at(int column) const noexcept {
    return sqlite3_column_int64(s_, column);
  }
  [[nodiscard]] std::uint64_t word_at(int column) const noexcept {
    return static_cast<std::uint64_t>(integer_at(column));
  }
  // Valid until the next step.
  [[nodiscard]] std::string_view bytes_at(int column) const noexcept {
    const void* at = sqlite3_column_blob(s_, column);
    return {static_cast<const char*>(at),
            static_cast<std::size_t>(sqlite3_column_bytes(s_, column))};
  }

 private:
  sqlite3_stmt* s_;
};

class database {
 public:
  database() = default;
  database(const database&) = delete;
  database& operator=(const database&) = delete;
  ~database() { close(); }

  // Opens or creates the file and brings its schema up; refuses a file that is not ours or newer.
  [[nodiscard]] std::optional<failure> open(const settings& s, std::int64_t now_ms);
  void close() noexcept;
  [[nodiscard]] bool is_open() const noexcept { return db_ != nullptr; }

  [[nodiscard]] sqlite3_stmt* prepared(query q) noexcept {
    return statements_[static_cast<std::size_t>(q)];
  }
  // Runs a statement without parameters and result.
  [[nodiscard]] int run(query q) noexcept;
  // SQLITE_OK when the ids of rows changed by the last statement may be read.
  [[nodiscard]] int changes() const noexcept { return sqlite3_changes(db_); }
  [[nodiscard]] bool in_transaction() const noexcept { return sqlite3_get_autocommit(db_) == 0; }
  [[nodiscard]] failure last_failure() const;
  // Whether any row satisfies `sql`.
  [[nodiscard]] bool exists(const char* sql) noexcept;

 private:
  [[nodiscard]] std::optional<failure> execute(const std::string& sql);
  [[nodiscard]] std::optional<failure> bring_up_schema(const settings& s, std::int64_t now_ms);
  [[nodiscard]] std::optional<std::int64_t> number(const char* sql);
  [[nodiscard]] std::optional<failure> prepare_all();

  sqlite3* db_ = nullptr;
  std::array<sqlite3_stmt*, static_cast<std::size_t>(query::count)> statements_{};
};

}  // namespace sqlite_store
