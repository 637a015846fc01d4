// Prepared statements over the C API in one transaction, with the plugin's pragmas.
#include <sqlite3.h>

#include "raw_path.hpp"

namespace spawn::bench {

namespace {

constexpr const char* update_sql =
    "UPDATE record SET revision = ?2, writer = ?3, type_url = ?4, meta = ?5, written_at = ?6,"
    " expires_at = NULL, payload = ?7, deleted = 0"
    " WHERE key = ?1 AND revision = ?8 AND writer = ?9";
constexpr const char* load_sql =
    "SELECT revision, writer, written_at, type_url, meta, payload, deleted, expires_at"
    " FROM record WHERE key = ?1";

class raw_path final : public store_path {
 public:
  raw_path(const std::string& file, const workload& what) : what_(what) {
    check(
        sqlite3_open_v2(file.c_str(), &db_, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, nullptr));
    check(sqlite3_exec(db_,
                       "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
                       "PRAGMA cache_size = -65536; PRAGMA temp_store = MEMORY;"
                       "PRAGMA journal_size_limit = 67108864",
                       nullptr, nullptr, nullptr));
    begin_ = prepare("BEGIN IMMEDIATE");
    read_ = prepare("BEGIN");
    commit_ = prepare("COMMIT");
    update_ = prepare(update_sql);
    load_ = prepare(load_sql);
  }
  raw_path(const raw_path&) = delete;
  raw_path& operator=(const raw_path&) = delete;
  ~raw_path() override {
    for (sqlite3_stmt* s : {begin_, read_, commit_, update_, load_}) {
      sqlite3_finalize(s);
    }
    sqlite3_close(db_);
  }

  void save(std::span<const change> rows) override {
    const std::int64_t now = unix_ms_now();
    done(begin_);
    for (const auto [key, revision] : rows) {
      blob(update_, 1, what_.key(key));
      sqlite3_bind_int64(update_, 2, static_cast<sqlite3_int64>(revision + 1));
      sqlite3_bind_int64(update_, 3, static_cast<sqlite3_int64>(writer_id));
      const std::string_view type = what_.type_url();
      sqlite3_bind_text(update_, 4, type.data(), static_cast<int>(type.size()), SQLITE_STATIC);
      blob(update_, 5, what_.meta());
      sqlite3_bind_int64(update_, 6, now);
      blob(update_, 7, what_.payload(key, revision + 1));
      sqlite3_bind_int64(update_, 8, static_cast<sqlite3_int64>(revision));
      sqlite3_bind_int64(update_, 9, static_cast<sqlite3_int64>(writer_id));
      done(update_);
      if (sqlite3_changes(db_) != 1) {
        give_up("raw: a row was not as expected");
      }
    }
    done(commit_);
  }

  std::uint64_t load(std::span<const std::uint32_t> keys) override {
    std::uint64_t sum = 0;
    done(read_);
    for (const std::uint32_t key : keys) {
      blob(load_, 1, what_.key(key));
      if (sqlite3_step(load_) != SQLITE_ROW) {
        give_up("raw: a row is not there");
      }
      const auto* at = static_cast<const char*>(sqlite3_column_blob(load_, 5));
      sum += seen(static_cast<std::uint64_t>(sqlite3_column_int64(load_, 0)),
                  {at, static_cast<std::size_t>(sqlite3_column_bytes(load_, 5))});
      sqlite3_reset(load_);
    }
    done(commit_);
    return sum;
  }

 private:
  void check(int rc) {
    if (rc != SQLITE_OK) {
      give_up(std::string("raw: ") + sqlite3_errmsg(db_));
    }
  }
  sqlite3_stmt* prepare(const char* sql) {
    sqlite3_stmt* s = nullptr;
    check(sqlite3_prepare_v3(db_, sql, -1, SQLITE_PREPARE_PERSISTENT, &s, nullptr));
    return s;
  }
  static void blob(sqlite3_stmt* s, int at, std::string_view bytes) {
    sqlite3_bind_blob(s, at, bytes.data(), static_cast<int>(bytes.size()), SQLITE_STATIC);
  }
  void done(sqlite3_stmt* s) {
    if (sqlite3_step(s) != SQLITE_DONE) {
      give_up(std::string("raw: ") + sqlite3_errmsg(db_));
    }
    sqlite3_reset(s);
  }

  const workload& what_;
  sqlite3* db_ = nullptr;
  sqlite3_stmt *begin_ = nullptr, *read_ = nullptr, *commit_ = nullptr;
  sqlite3_stmt *update_ = nullptr, *load_ = nullptr;
};

}  // namespace

std::unique_ptr<store_path> raw_sqlite(const std::string& file, const workload& what) {
  return std::make_unique<raw_path>(file, what);
}

}  // namespace spawn::bench
