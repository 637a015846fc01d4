// A batch upsert loop as one would write it by hand: two prepared statements, one transaction.
#include <sqlite3.h>

#include "paths.hpp"

namespace bench {

namespace {

class raw final : public save_path {
 public:
  raw(const std::string& file, bool full_sync) {
    check(sqlite3_open_v2(file.c_str(), &db_,
                          SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX,
                          nullptr));
    run("PRAGMA journal_mode = WAL");
    run(full_sync ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL");
    run("PRAGMA cache_size = -65536");
    run(table_sql);
    insert_ = prepare(
        "INSERT INTO record (key, revision, writer, type_url, meta, written_at, payload, system,"
        " parent, name) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 'bench', 'parent', ?8)"
        " ON CONFLICT (key) DO NOTHING");
    update_ = prepare(
        "UPDATE record SET revision = ?2, writer = ?3, type_url = ?4, meta = ?5, written_at = ?6,"
        " payload = ?7, expires_at = NULL, deleted = 0"
        " WHERE key = ?1 AND revision = ?8 AND writer = ?3");
  }
  raw(const raw&) = delete;
  raw& operator=(const raw&) = delete;
  ~raw() override {
    sqlite3_finalize(insert_);
    sqlite3_finalize(update_);
    sqlite3_close(db_);
  }

  void save(int first, std::uint64_t revision) override {
    run("BEGIN IMMEDIATE");
    for (int i = first; i < first + batch_rows; ++i) {
      sqlite3_stmt* s = revision == 0 ? insert_ : update_;
      const std::string key = key_of(i);
      sqlite3_bind_blob(s, 1, key.data(), static_cast<int>(key.size()), SQLITE_STATIC);
      sqlite3_bind_int64(s, 2, static_cast<sqlite3_int64>(revision + 1));
      sqlite3_bind_int64(s, 3, 7);
      sqlite3_bind_text(s, 4, "t/x", 3, SQLITE_STATIC);
      sqlite3_bind_blob(s, 5, "meta", 4, SQLITE_STATIC);
      sqlite3_bind_int64(s, 6, 1'700'000'000'000);
      sqlite3_bind_blob(s, 7, payload().data(), static_cast<int>(payload().size()), SQLITE_STATIC);
      if (revision == 0) {
        sqlite3_bind_text(s, 8, key.data(), static_cast<int>(key.size()), SQLITE_STATIC);
      } else {
        sqlite3_bind_int64(s, 8, static_cast<sqlite3_int64>(revision));
      }
      if (sqlite3_step(s) != SQLITE_DONE || sqlite3_changes(db_) != 1) {
        give_up("raw: a row was not saved");
      }
      sqlite3_reset(s);
    }
    run("COMMIT");
  }

 private:
  void check(int rc) {
    if (rc != SQLITE_OK) {
      give_up(std::string("raw: ") + sqlite3_errmsg(db_));
    }
  }
  void run(const char* sql) { check(sqlite3_exec(db_, sql, nullptr, nullptr, nullptr)); }
  sqlite3_stmt* prepare(const char* sql) {
    sqlite3_stmt* s = nullptr;
    check(sqlite3_prepare_v2(db_, sql, -1, &s, nullptr));
    return s;
  }

  sqlite3* db_ = nullptr;
  sqlite3_stmt* insert_ = nullptr;
  sqlite3_stmt* update_ = nullptr;
};

}  // namespace

std::unique_ptr<save_path> raw_path(const std::string& file, bool full_sync) {
  return std::make_unique<raw>(file, full_sync);
}

}  // namespace bench
