// libmariadb: one prepared UPDATE, executed for a whole array of rows at once (MariaDB's bulk
// execution), then COMMIT; a group of one commits by itself.
#include <mysql.h>

#include <array>
#include <cstdlib>

#include "raw_path.hpp"

namespace spawn::bench {

namespace {

class raw_path final : public store_path {
 public:
  raw_path(const mariadb_account& at, const std::string& table, const workload& what)
      : conn_(mysql_init(nullptr)), what_(what), table_(table) {
    mysql_options(conn_, MYSQL_SET_CHARSET_NAME, "utf8mb4");
    const unsigned tcp = MYSQL_PROTOCOL_TCP;
    mysql_options(conn_, MYSQL_OPT_PROTOCOL, &tcp);
    if (mysql_real_connect(conn_, at.host.c_str(), at.user.c_str(), at.password.c_str(),
                           at.database.c_str(), at.port, nullptr,
                           CLIENT_MULTI_STATEMENTS) == nullptr) {
      give_up(std::string("raw: ") + mysql_error(conn_));
    }
    run("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED");
    update_ = mysql_stmt_init(conn_);
    const std::string sql = "UPDATE " + table +
                            " SET revision=?,writer=?,type_url=?,payload=?,meta=?,written_at=?,"
                            "expires_at=NULL,deleted=0 WHERE `key`=? AND revision=? AND writer=?";
    if (mysql_stmt_prepare(update_, sql.data(), sql.size()) != 0) {
      give_up(std::string("raw: ") + mysql_stmt_error(update_));
    }
  }
  raw_path(const raw_path&) = delete;
  raw_path& operator=(const raw_path&) = delete;
  ~raw_path() override {
    mysql_stmt_close(update_);
    mysql_close(conn_);
  }

  void save(std::span<const change> rows) override {
    commit_by_itself(rows.size() == 1);
    save_bulk(rows);
    if (rows.size() != 1) {
      run("COMMIT");
    }
  }

  std::uint64_t load(std::span<const std::uint32_t> keys) override {
    commit_by_itself(true);
    text_ =
        "SELECT `key`,revision,writer,written_at,type_url,meta,payload,deleted,"
        "COALESCE(expires_at,0) FROM " +
        table_ + " FORCE INDEX (PRIMARY) WHERE `key` IN (";
    for (const std::uint32_t key : keys) {
      quote(what_.key(key));
      text_ += ',';
    }
    text_.back() = ')';
    run(text_);
    MYSQL_RES* got = mysql_store_result(conn_);
    if (got == nullptr || mysql_num_rows(got) != keys.size()) {
      give_up(std::string("raw: a row is not there: ") + mysql_error(conn_));
    }
    std::uint64_t sum = 0;
    while (char** row = mysql_fetch_row(got)) {
      const unsigned long* lengths = mysql_fetch_lengths(got);
      sum += seen(std::strtoull(row[1], nullptr, 10), {row[6], lengths[6]});
    }
    mysql_free_result(got);
    return sum;
  }

 private:
  void run(const std::string& text) {
    if (mysql_real_query(conn_, text.data(), text.size()) != 0) {
      give_up(std::string("raw: ") + mysql_error(conn_));
    }
  }
  void commit_by_itself(bool on) {
    if (autocommit_ != on) {
      mysql_autocommit(conn_, static_cast<my_bool>(on));
      autocommit_ = on;
    }
  }
  void quote(std::string_view bytes) {
    const std::size_t at = text_.size();
    text_.resize(at + 2 * bytes.size() + 16);
    text_.replace(at, 8, "_binary'");
    const auto n =
        mysql_real_escape_string(conn_, text_.data() + at + 8, bytes.data(), bytes.size());
    text_.resize(at + 8 + n);
    text_ += '\'';
  }

  // All values of one parameter behind each other.
  struct column {
    std::vector<std::uint64_t> words;
    std::vector<char*> bytes;
    std::vector<unsigned long> lengths;
    void add(std::string_view v) {
      bytes.push_back(const_cast<char*>(v.data()));
      lengths.push_back(v.size());
    }
  };

  void save_bulk(std::span<const change> rows) {
    auto& [revision, writer, type, payload, meta, written, key, expected, whose] = columns_;
    for (column& c : columns_) {
      c.words.clear();
      c.bytes.clear();
      c.lengths.clear();
    }
    const auto now = static_cast<std::uint64_t>(unix_ms_now());
    for (const change& row : rows) {
      revision.words.push_back(row.revision + 1);
      writer.words.push_back(writer_id);
      type.add(what_.type_url());
      payload.add(what_.payload(row.key, row.revision + 1));
      meta.add(what_.meta());
      written.words.push_back(now);
      key.add(what_.key(row.key));
      expected.words.push_back(row.revision);
      whose.words.push_back(writer_id);
    }
    std::array<MYSQL_BIND, 9> binds{};
    for (std::size_t i = 0; i < binds.size(); ++i) {
      MYSQL_BIND& b = binds[i];
      column& c = columns_[i];
      if (!c.words.empty()) {
        b.buffer_type = MYSQL_TYPE_LONGLONG;
        b.is_unsigned = 1;
        b.buffer = c.words.data();
      } else {
        b.buffer_type = &c == &type ? MYSQL_TYPE_STRING : MYSQL_TYPE_BLOB;
        b.buffer = rows.size() == 1 ? static_cast<void*>(c.bytes[0]) : c.bytes.data();
        b.length = c.lengths.data();
      }
    }
    const auto n = static_cast<unsigned>(rows.size() == 1 ? 0 : rows.size());
    mysql_stmt_attr_set(update_, STMT_ATTR_ARRAY_SIZE, &n);
    if (mysql_stmt_bind_param(update_, binds.data()) != 0 || mysql_stmt_execute(update_) != 0) {
      give_up(std::string("raw: ") + mysql_stmt_error(update_));
    }
    if (mysql_stmt_affected_rows(update_) != rows.size()) {
      give_up("raw: a row was not as expected");
    }
  }

  MYSQL* conn_;
  const workload& what_;
  const std::string table_;
  MYSQL_STMT* update_ = nullptr;
  bool autocommit_ = true;
  std::string text_;
  std::array<column, 9> columns_;
};

}  // namespace

std::unique_ptr<store_path> raw_mysql(const mariadb_account& at, const std::string& table,
                                      const workload& what) {
  return std::make_unique<raw_path>(at, table, what);
}

}  // namespace spawn::bench
