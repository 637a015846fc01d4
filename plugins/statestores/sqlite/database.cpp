#include "database.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "schema.hpp"

namespace sqlite_store {
namespace {

constexpr int pages_of_a_mib = (1 << 20) / 4096;

}  // namespace

std::optional<failure> database::open(const settings& s, std::int64_t now_ms) {
  close();
  // Made here and not by SQLite, so that only the owner can read what the actors know; the -wal
  // file takes the same mode.
  const int fd = ::open(s.path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) {
    return failure{SQLITE_CANTOPEN, "can not open '" + s.path + "': " + std::strerror(errno)};
  }
  ::close(fd);
  const int rc =
      sqlite3_open_v2(s.path.c_str(), &db_, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, nullptr);
  std::optional<failure> why;
  if (rc != SQLITE_OK) {
    why = last_failure();
  } else {
    sqlite3_extended_result_codes(db_, 1);
    sqlite3_busy_timeout(db_, s.busy_timeout_ms);
    why = bring_up_schema(s, now_ms);
  }
  if (!why.has_value()) {
    why = prepare_all();
  }
  if (why.has_value()) {
    why->text = "database '" + s.path + "': " + why->text;
    close();
  }
  return why;
}

void database::close() noexcept {
  for (sqlite3_stmt*& s : statements_) {
    sqlite3_finalize(s);
    s = nullptr;
  }
  sqlite3_close(db_);
  db_ = nullptr;
}

failure database::last_failure() const {
  if (db_ == nullptr) {
    return {SQLITE_NOMEM, "out of memory"};
  }
  return {sqlite3_extended_errcode(db_), sqlite3_errmsg(db_)};
}

std::optional<failure> database::execute(const std::string& sql) {
  return sqlite3_exec(db_, sql.c_str(), nullptr, nullptr, nullptr) == SQLITE_OK
             ? std::nullopt
             : std::optional(last_failure());
}

std::optional<std::int64_t> database::number(const char* sql) {
  sqlite3_stmt* s = nullptr;
  std::optional<std::int64_t> out;
  if (sqlite3_prepare_v2(db_, sql, -1, &s, nullptr) == SQLITE_OK && sqlite3_step(s) == SQLITE_ROW) {
    out = sqlite3_column_int64(s, 0);
  }
  sqlite3_finalize(s);
  return out;
}

bool database::exists(const char* sql) noexcept {
  return number(sql).has_value();
}

std::optional<failure> database::bring_up_schema(const settings& s, std::int64_t now_ms) {
  const auto tables = number("SELECT count(*) FROM sqlite_master");
  if (!tables.has_value()) {
    return last_failure();
  }
  const std::string tuning =
      "PRAGMA journal_mode = WAL; PRAGMA synchronous = " +
      std::string(s.full_sync ? "FULL" : "NORMAL") + "; PRAGMA cache_size = -" +
      std::to_string(s.cache_kib) + "; PRAGMA temp_store = MEMORY; PRAGMA wal_autocheckpoint = " +
      std::to_string(s.checkpoint_mib * pages_of_a_mib) +
      "; PRAGMA journal_size_limit = " + std::to_string(std::int64_t{2} * s.checkpoint_mib << 20);
  if (*tables == 0) {
    // Our mark goes in with the tables or not at all.
    if (auto bad = execute(tuning)) {
      return bad;
    }
    return execute("BEGIN IMMEDIATE; PRAGMA application_id = " + std::to_string(application_id) +
                   ";" + schema_sql + "INSERT INTO schema_version VALUES (" +
                   std::to_string(schema_version) + ", " + std::to_string(now_ms) + "); COMMIT");
  }
  const auto version = number("SELECT max(version) FROM schema_version");
  if (number("PRAGMA application_id") != application_id || !version.has_value()) {
    return failure{SQLITE_MISMATCH, "this file holds something else than Spawn's records"};
  }
  if (*version > schema_version) {
    return failure{SQLITE_SCHEMA, "schema version " + std::to_string(*version) +
                                      " is newer than version " + std::to_string(schema_version) +
                                      ", the newest this plugin knows; use a newer plugin"};
  }
  return execute(tuning);
}

std::optional<failure> database::prepare_all() {
  for (std::size_t i = 0; i < statements_.size(); ++i) {
    const std::string_view sql = sql_of(static_cast<query>(i));
    if (sqlite3_prepare_v3(db_, sql.data(), static_cast<int>(sql.size()), SQLITE_PREPARE_PERSISTENT,
                           &statements_[i], nullptr) != SQLITE_OK) {
      return last_failure();
    }
  }
  return std::nullopt;
}

int database::run(query q) noexcept {
  sqlite3_stmt* s = prepared(q);
  const int rc = sqlite3_step(s);
  sqlite3_reset(s);
  return rc == SQLITE_DONE || rc == SQLITE_ROW ? SQLITE_OK : rc;
}

}  // namespace sqlite_store
