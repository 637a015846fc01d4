#include "my_session.hpp"

#include "literals.hpp"

namespace mysql_store {

namespace {

using spawn::plugin::text;
using sql_store::sql_error;
using sql_store::trouble;

std::vector<std::string_view> first_column(const rows& of) {
  std::vector<std::string_view> out;
  for (int i = 0; i < of.size(); ++i) {
    out.push_back(of.bytes(i, 0));
  }
  return out;
}

}  // namespace

// The primary key is forced wherever keys are given: on a small table the optimiser would rather
// read all of it, and wait for locks on rows that nobody asked for.
my_session::statements::statements(const table_names& names) {
  const std::string by_key = " FORCE INDEX (PRIMARY)";
  const std::string content = "`revision`,`writer`,`type_url`,`payload`,`meta`,`written_at`";
  const std::string whole = "(`key`," + content + ",`expires_at`,`deleted`";
  lock = "SELECT `key`,`revision`,`writer`,`deleted`,COALESCE(`expires_at`,0) FROM " +
         names.record + by_key + " WHERE `key` IN";
  past_of = "SELECT `replaced_at` FROM " + names.history + " WHERE (`key`,`revision`,`writer`)=";
  has_history = "SELECT EXISTS (SELECT 1 FROM " + names.history + ")";
  clear_history = "DELETE h FROM " + names.history + " AS h" + by_key + " WHERE h.`key` IN";
  keep_head = "INSERT INTO " + names.history + " (`key`," + content +
              ",`replaced_at`) SELECT `key`," + content + ",";  // the time and the rest: commit()
  past = "INSERT INTO " + names.history + " (`key`," + content + ",`replaced_at`) VALUES ";
  write = "INSERT INTO " + names.record + " " + whole + ") VALUES ";
  on_update =
      " ON DUPLICATE KEY UPDATE `revision`=VALUES(`revision`),`writer`=VALUES(`writer`),"
      "`type_url`=VALUES(`type_url`),`payload`=VALUES(`payload`),`meta`=VALUES(`meta`),"
      "`written_at`=VALUES(`written_at`),`expires_at`=VALUES(`expires_at`),"
      "`deleted`=VALUES(`deleted`)";
  insert = "INSERT INTO " + names.record + " " + whole + ",`system`,`parent`,`name`) VALUES ";
  guard = "INSERT INTO " + names.record +
          " (`key`,`revision`,`writer`,`type_url`,`meta`,`written_at`,`deleted`) VALUES ";
  purge = "DELETE r FROM " + names.record + " AS r" + by_key + " WHERE r.`key` IN";
  prune = "DELETE h FROM " + names.history + " AS h" + by_key + " WHERE ";
  load =
      "SELECT `key`,`revision`,`writer`,`written_at`,`type_url`,`meta`,`payload`,`deleted`,"
      "COALESCE(`expires_at`,0) FROM " +
      names.record + by_key + " WHERE `key` IN";
  plain_update = "UPDATE " + names.record +
                 " SET `revision`=?,`writer`=?,`type_url`=?,`payload`=?,`meta`=?,`written_at`=?,"
                 "`expires_at`=NULL,`deleted`=0 WHERE `key`=? AND `revision`=? AND `writer`=?";
  expire = "UPDATE " + names.record + by_key + " SET `payload`=NULL,`deleted`=1 WHERE `key` IN";
}

my_session::my_session(spawn::plugin::host_ref host, const settings& s, bool warns)
    : host_(host), settings_(s), warns_(warns), names_(s), sql_(names_), db_(host, s) {}

void my_session::connect() {
  db_.open();
  bring_up_schema(db_, settings_, names_, host_.unix_ms());
  if (warns_ && db_.flush_at_commit() != 1) {
    host_.log(spawn::plugin::level::warn,
              "innodb_flush_log_at_trx_commit is not 1: what is acknowledged may not survive a "
              "power loss of the database's machine");
  }
}

void my_session::begin(std::span<const std::string_view> keys,
                       std::vector<sql_store::head>& heads) {
  heads.assign(keys.size(), {});
  script lock(db_);
  lock.statement(db_.begin());
  lock.of_keys(sql_.lock, {keys.begin(), keys.end()}, "ORDER BY `key` FOR UPDATE");
  std::size_t at = 0;  // both are in the order of the keys
  for (const rows& locked : lock.run()) {
    for (int i = 0; i < locked.size(); ++i) {
      while (at < keys.size() && keys[at] != locked.bytes(i, 0)) {
        ++at;
      }
      if (at == keys.size()) {
        throw sql_error(trouble::corrupt, "the database answered a key that nobody asked for");
      }
      heads[at] = {true, locked.word(i, 1), locked.word(i, 2), locked.integer(i, 3) != 0,
                   locked.integer(i, 4)};
    }
  }
}

std::optional<std::int64_t> my_session::past_of(const spawn_ss_save& op) {
  std::string sql = sql_.past_of + "(";
  literals(db_, sql).bytes(text(op.key)).word(op.expect_revision).word(op.expect_writer);
  const rows got = db_.query(sql + ")");
  if (got.size() == 0) {
    return std::nullopt;
  }
  return got.integer(0, 0);
}

bool my_session::has_history() {
  return db_.query(sql_.has_history).integer(0, 0) != 0;
}

// Locks some keys that are due; what another kernel is at is left to it.
std::string my_session::due(bool deleted, std::int64_t before) const {
  return "SELECT `key` FROM " + names_.record + " WHERE `deleted`=" + (deleted ? "1" : "0") +
         " AND `expires_at`<=" + std::to_string(before) +
         " ORDER BY `expires_at` LIMIT 100 FOR UPDATE" + (db_.skips_locked() ? " SKIP LOCKED" : "");
}

void my_session::sweep(std::int64_t expired_before, std::int64_t collect_before) {
  script look(db_);
  look.statement(db_.begin());
  look.statement(due(false, expired_before));
  look.statement(due(true, collect_before));
  const std::vector<rows> got = look.run();
  if (got.size() != 2) {
    throw sql_error(trouble::refused, "the database did not answer what it was asked");
  }
  const std::vector<std::string_view> expired = first_column(got[0]);
  script changes(db_);
  changes.of_keys(sql_.clear_history, expired);
  changes.of_keys(sql_.expire, expired);
  changes.of_keys(sql_.purge, first_column(got[1]));
  changes.run();
  db_.commit(false);
}

sql_store::store_counts my_session::counts() {
  const rows got = db_.query(
      "SELECT (SELECT COUNT(*) FROM " + names_.record + "), (SELECT COUNT(*) FROM " +
      names_.history +
      "), (SELECT COALESCE(SUM(data_length + index_length), 0) FROM information_schema.tables"
      " WHERE table_schema = DATABASE() AND table_name IN ('" +
      settings_.prefix + "record', '" + settings_.prefix + "history'))");
  return {got.word(0, 0), got.word(0, 1), got.word(0, 2), schema_version};
}

}  // namespace mysql_store
