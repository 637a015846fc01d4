#include "statements.hpp"

namespace mssql_store {

namespace {

constexpr const char* content = "revision, writer, type_url, payload, meta, written_at";
constexpr const char* unchanged =
    " WHERE record_key = ? AND revision = ? AND writer = ? AND changes = ?";
// The last of a statement with an order: how many rows are wanted.
constexpr const char* at_most = " OFFSET 0 ROWS FETCH NEXT ? ROWS ONLY";

// (?, ?, ?)
std::string marks(std::size_t n) {
  std::string out = "(?";
  for (std::size_t i = 1; i < n; ++i) {
    out += ", ?";
  }
  return out + ")";
}

std::string repeated(const std::string& row, std::size_t n) {
  std::string out = row;
  for (std::size_t i = 1; i < n; ++i) {
    out += ", " + row;
  }
  return out;
}

std::string among(std::size_t keys) {
  return " WHERE record_key IN " + marks(keys);
}

std::string shown(bool with_payload) {
  return std::string("revision, writer, written_at, type_url, meta") +
         (with_payload ? ", payload" : "");
}

constexpr const char* live = "deleted = 0 AND (expires_at IS NULL OR expires_at > ?)";

}  // namespace

statements::statements(const table_names& names) : record_(names.record), history_(names.history) {
  past_of = "SELECT replaced_at FROM " + history_ +
            " WHERE record_key = ? AND revision = ? AND writer = ?";
  has_history = "SELECT record_key FROM " + history_ + " ORDER BY record_key, revision" + at_most;
  load_past = "SELECT record_key, " + shown(true) + " FROM " + history_ +
              " WHERE record_key = ? AND revision = ?";
  update = "UPDATE " + record_ +
           " SET revision = ?, writer = ?, type_url = ?, payload = ?, meta = ?, written_at = ?,"
           " expires_at = ?, deleted = ?, changes = changes + 1" +
           unchanged;
  rewrite = "UPDATE " + record_ + " SET payload = ?, meta = ?, changes = changes + 1" + unchanged;
  touch = "UPDATE " + record_ + " SET changes = changes + 1" + unchanged;
  expire =
      "UPDATE " + record_ + " SET payload = NULL, deleted = 1, changes = changes + 1" + unchanged;
  purge = "DELETE FROM " + record_ + unchanged;
  past_rewrite = "UPDATE " + history_ +
                 " SET payload = ?, meta = ? WHERE record_key = ? AND revision = ? AND writer = ?";
  prune =
      "DELETE FROM " + history_ + " WHERE record_key = ? AND (revision < ? OR replaced_at <= ?)";
  due = "SELECT record_key, revision, writer, changes FROM " + record_ +
        " WHERE deleted = ? AND expires_at <= ? ORDER BY expires_at, record_key" + at_most;
}

std::string statements::heads(std::size_t keys) const {
  return "SELECT record_key, revision, writer, deleted, expires_at, changes FROM " + record_ +
         among(keys);
}

std::string statements::load(std::size_t keys) const {
  return "SELECT record_key, deleted, expires_at, " + shown(true) + " FROM " + record_ +
         among(keys);
}

std::string statements::keep_heads(std::size_t keys) const {
  return "INSERT INTO " + history_ + " (record_key, " + content +
         ", replaced_at) SELECT record_key, " + content + ", ? FROM " + record_ + among(keys);
}

std::string statements::clear_history(std::size_t keys) const {
  return "DELETE FROM " + history_ + among(keys);
}

std::string statements::insert(std::size_t rows) const {
  return "INSERT INTO " + record_ + " (record_key, " + content +
         ", expires_at, deleted, system, parent, name, changes) VALUES " +
         repeated("(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0)", rows);
}

std::string statements::insert_past(std::size_t rows) const {
  return "INSERT INTO " + history_ + " (record_key, " + content + ", replaced_at) VALUES " +
         repeated(marks(8), rows);
}

std::string statements::list(const sql_store::key_range& range) const {
  return "SELECT record_key, expires_at, deleted, " + shown(range.with_payload) + " FROM " +
         record_ + " WHERE record_key " + (range.low_included ? ">=" : ">") + " ? AND record_key " +
         (range.high_included ? "<=" : "<") + " ?" +
         (range.tombstones ? std::string() : std::string(" AND ") + live) + " ORDER BY record_key" +
         (range.reverse ? " DESC" : "") + at_most;
}

// Head and history of a key whose record has not expired.
std::string statements::revisions(bool reverse, bool with_payload) const {
  const std::string range = " WHERE record_key = ? AND revision >= ? AND revision <= ? AND ";
  return "SELECT " + shown(with_payload) + " FROM " + history_ + range +
         "NOT EXISTS (SELECT 1 FROM " + record_ + " WHERE record_key = ? AND expires_at <= ?)" +
         " UNION ALL SELECT " + shown(with_payload) + " FROM " + record_ + range + live +
         " ORDER BY revision" + (reverse ? " DESC" : "") + at_most;
}

}  // namespace mssql_store
