// The same loop through SOCI: statements prepared once, variables bound by reference. Bytes go as
// std::string with CAST(... AS BLOB), the one way that SOCI's SQLite backend keeps them whole.
#include <soci/soci.h>
#include <soci/sqlite3/soci-sqlite3.h>

#include "paths.hpp"

namespace bench {

namespace {

class through_soci final : public save_path {
 public:
  through_soci(const std::string& file, bool full_sync)
      : sql_(soci::sqlite3, "dbname=" + file), insert_(sql_), update_(sql_) {
    sql_ << "PRAGMA journal_mode = WAL";
    sql_ << (full_sync ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL");
    sql_ << "PRAGMA cache_size = -65536";
    sql_ << table_sql;
    begin_with(insert_,
               "INSERT INTO record (key, revision, writer, type_url, meta, written_at, payload,"
               " system, parent, name) VALUES (CAST(:k AS BLOB), :r, :w, :t, CAST(:m AS BLOB), :at,"
               " CAST(:p AS BLOB), 'bench', 'parent', :n) ON CONFLICT (key) DO NOTHING",
               false);
    begin_with(update_,
               "UPDATE record SET revision = :r, writer = :w, type_url = :t,"
               " meta = CAST(:m AS BLOB), written_at = :at, payload = CAST(:p AS BLOB),"
               " expires_at = NULL, deleted = 0"
               " WHERE key = CAST(:k AS BLOB) AND revision = :old AND writer = :ow",
               true);
  }

  void save(int first, std::uint64_t revision) override {
    soci::transaction all(sql_);
    old_ = static_cast<long long>(revision);
    revision_ = old_ + 1;
    soci::statement& s = revision == 0 ? insert_ : update_;
    for (int i = first; i < first + batch_rows; ++i) {
      key_ = key_of(i);
      s.execute(true);
      if (s.get_affected_rows() != 1) {
        give_up("soci: a row was not saved");
      }
    }
    all.commit();
  }

 private:
  void begin_with(soci::statement& s, const char* sql, bool is_update) {
    if (is_update) {
      s.exchange(soci::use(revision_, "r"));
      s.exchange(soci::use(writer_, "w"));
      s.exchange(soci::use(type_url_, "t"));
      s.exchange(soci::use(meta_, "m"));
      s.exchange(soci::use(written_at_, "at"));
      s.exchange(soci::use(payload_, "p"));
      s.exchange(soci::use(key_, "k"));
      s.exchange(soci::use(old_, "old"));
      s.exchange(soci::use(writer_, "ow"));
    } else {
      s.exchange(soci::use(key_, "k"));
      s.exchange(soci::use(revision_, "r"));
      s.exchange(soci::use(writer_, "w"));
      s.exchange(soci::use(type_url_, "t"));
      s.exchange(soci::use(meta_, "m"));
      s.exchange(soci::use(written_at_, "at"));
      s.exchange(soci::use(payload_, "p"));
      s.exchange(soci::use(key_, "n"));
    }
    s.alloc();
    s.prepare(sql);
    s.define_and_bind();
  }

  soci::session sql_;
  std::string key_, type_url_ = "t/x", meta_ = "meta", payload_ = payload();
  long long revision_ = 0, old_ = 0, writer_ = 7, written_at_ = 1'700'000'000'000;
  soci::statement insert_, update_;
};

}  // namespace

std::unique_ptr<save_path> soci_path(const std::string& file, bool full_sync) {
  return std::make_unique<through_soci>(file, full_sync);
}

}  // namespace bench
