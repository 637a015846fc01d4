// The yardstick: a batch written by hand over the C API, with the plugin's schema and pragmas.
#include <sqlite3.h>

#include <array>

#include "schema.hpp"
#include "writer.hpp"

namespace spawn::bench {

namespace {

constexpr const char* insert_sql =
    "INSERT INTO record (key, revision, writer, type_url, meta, written_at, payload, system,"
    " parent, name) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";
constexpr const char* upsert_sql =
    "INSERT INTO record (key, revision, writer, type_url, meta, written_at, payload, system,"
    " parent, name) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)"
    " ON CONFLICT (key) DO UPDATE SET revision = excluded.revision, writer = excluded.writer,"
    " type_url = excluded.type_url, meta = excluded.meta, written_at = excluded.written_at,"
    " payload = excluded.payload, expires_at = NULL, deleted = 0";
constexpr const char* cas_sql =
    "UPDATE record SET revision = ?2, writer = ?3, type_url = ?4, meta = ?5, written_at = ?6,"
    " payload = ?7, expires_at = NULL, deleted = 0"
    " WHERE key = ?1 AND revision = ?8 AND writer = ?3";

class raw_writer final : public group_writer {
 public:
  raw_writer(const std::filesystem::path& file, const rows& what, raw_kind kind)
      : rows_(what), kind_(kind) {
    check(sqlite3_open_v2(file.c_str(), &db_,
                          SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX,
                          nullptr));
    run("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -65536;"
        "PRAGMA temp_store = MEMORY; PRAGMA wal_autocheckpoint = 8192;"
        "PRAGMA journal_size_limit = 67108864");
    run(sqlite_store::schema_sql);
    begin_ = prepare("BEGIN IMMEDIATE");
    commit_ = prepare("COMMIT");
    insert_ = prepare(insert_sql);
    update_ = prepare(kind == raw_kind::upsert ? upsert_sql : cas_sql);
  }
  raw_writer(const raw_writer&) = delete;
  raw_writer& operator=(const raw_writer&) = delete;
  ~raw_writer() override {
    for (sqlite3_stmt* s : {begin_, commit_, insert_, update_}) {
      sqlite3_finalize(s);
    }
    sqlite3_close(db_);
  }

  void save(std::size_t first, std::size_t count, std::uint64_t revision) override {
    step(begin_);
    for (std::size_t i = first; i < first + count; ++i) {
      sqlite3_stmt* s = revision == 0 ? insert_ : update_;
      const std::string& key = rows_.keys[i];
      sqlite3_bind_blob(s, 1, key.data(), static_cast<int>(key.size()), SQLITE_STATIC);
      sqlite3_bind_int64(s, 2, static_cast<sqlite3_int64>(revision + 1));
      sqlite3_bind_int64(s, 3, 7);
      text(s, 4, rows_.type_url);
      sqlite3_bind_blob(s, 5, rows_.meta.data(), static_cast<int>(rows_.meta.size()),
                        SQLITE_STATIC);
      sqlite3_bind_int64(s, 6, 1'700'000'000'000);
      sqlite3_bind_blob(s, 7, rows_.payload.data(), static_cast<int>(rows_.payload.size()),
                        SQLITE_STATIC);
      if (s == update_ && kind_ == raw_kind::cas) {
        sqlite3_bind_int64(s, 8, static_cast<sqlite3_int64>(revision));
      } else {
        text(s, 8, "bench");
        text(s, 9, "Counter");
        text(s, 10, std::string_view(key).substr(key.rfind('/') + 1));
      }
      step(s);
      if (sqlite3_changes(db_) != 1) {
        give_up("raw: a row was not saved");
      }
    }
    step(commit_);
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
    check(sqlite3_prepare_v3(db_, sql, -1, SQLITE_PREPARE_PERSISTENT, &s, nullptr));
    return s;
  }
  static void text(sqlite3_stmt* s, int at, std::string_view bytes) {
    sqlite3_bind_text(s, at, bytes.data(), static_cast<int>(bytes.size()), SQLITE_STATIC);
  }
  void step(sqlite3_stmt* s) {
    if (sqlite3_step(s) != SQLITE_DONE) {
      give_up(std::string("raw: ") + sqlite3_errmsg(db_));
    }
    sqlite3_reset(s);
  }

  const rows& rows_;
  const raw_kind kind_;
  sqlite3* db_ = nullptr;
  sqlite3_stmt* begin_ = nullptr;
  sqlite3_stmt* commit_ = nullptr;
  sqlite3_stmt* insert_ = nullptr;
  sqlite3_stmt* update_ = nullptr;
};

}  // namespace

std::unique_ptr<group_writer> make_raw(const std::filesystem::path& file, const rows& what,
                                       raw_kind kind) {
  return std::make_unique<raw_writer>(file, what, kind);
}

}  // namespace spawn::bench
