#include "states.hpp"

#include <stdexcept>

namespace spawn::bench {

states::states(const std::string& database) {
  if (sqlite3_open(database.c_str(), &db_) != SQLITE_OK) {
    throw std::runtime_error(database + ": " + sqlite3_errmsg(db_));
  }
  for (const char* sql :
       {"PRAGMA journal_mode=WAL", "PRAGMA synchronous=FULL", "PRAGMA wal_autocheckpoint=8192",
        "CREATE TABLE IF NOT EXISTS state(actor TEXT PRIMARY KEY, value BLOB) WITHOUT ROWID",
        "CREATE TABLE IF NOT EXISTS done(id TEXT PRIMARY KEY, actor TEXT) WITHOUT ROWID"}) {
    run(sql);
  }
  const auto prepare = [&](const char* sql, sqlite3_stmt*& into) {
    if (sqlite3_prepare_v2(db_, sql, -1, &into, nullptr) != SQLITE_OK) {
      throw std::runtime_error(sqlite3_errmsg(db_));
    }
  };
  prepare("INSERT INTO state VALUES(?1,?2) ON CONFLICT(actor) DO UPDATE SET value=excluded.value",
          save_);
  prepare("INSERT OR IGNORE INTO done VALUES(?1,?2)", remember_);
}

states::~states() {
  sqlite3_finalize(save_);
  sqlite3_finalize(remember_);
  sqlite3_close(db_);
}

void states::commit(std::span<const std::pair<std::string, std::string>> actors_and_ids) {
  run("BEGIN IMMEDIATE");
  for (const auto& [actor, id] : actors_and_ids) {
    step(save_, actor, now_.at(actor));
    step(remember_, id, actor);
  }
  run("COMMIT");
}

void states::run(const char* sql) {
  if (sqlite3_exec(db_, sql, nullptr, nullptr, nullptr) != SQLITE_OK) {
    throw std::runtime_error(std::string(sql) + ": " + sqlite3_errmsg(db_));
  }
}

void states::step(sqlite3_stmt* statement, std::string_view first, std::string_view second) {
  sqlite3_bind_text(statement, 1, first.data(), static_cast<int>(first.size()), SQLITE_STATIC);
  sqlite3_bind_blob(statement, 2, second.data(), static_cast<int>(second.size()), SQLITE_STATIC);
  const int status = sqlite3_step(statement);
  sqlite3_reset(statement);
  if (status != SQLITE_DONE) {
    throw std::runtime_error(sqlite3_errmsg(db_));
  }
}

}  // namespace spawn::bench
