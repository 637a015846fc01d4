// The read side: the rows that sql-common's reader asks for.
#include <algorithm>

#include "literals.hpp"
#include "my_session.hpp"

namespace mysql_store {

namespace {

using sql_store::stored_row;

constexpr std::size_t keys_per_statement = 256;

// Columns: key, revision, writer, written_at, type_url, meta, payload. `payload` is where the view
// of the payload is put.
stored_row row_of(const rows& from, int row, std::string_view& payload) {
  stored_row out;
  out.key = from.bytes(row, 0);
  out.record.revision = from.word(row, 1);
  out.record.writer = from.word(row, 2);
  out.record.written_unix_ms = from.integer(row, 3);
  out.record.type_url = from.bytes(row, 4);
  out.record.meta = from.bytes(row, 5);
  if (!from.is_null(row, 6)) {
    payload = from.bytes(row, 6);
    out.record.payload = &payload;
  }
  return out;
}

std::string content(bool with_payload) {
  return std::string("`revision`,`writer`,`written_at`,`type_url`,`meta`,") +
         (with_payload ? "`payload`" : "NULL AS `payload`");
}

std::string live(std::int64_t now) {
  return "`deleted`=0 AND (`expires_at` IS NULL OR `expires_at`>" + std::to_string(now) + ")";
}

std::string limit(bool reverse, std::uint32_t rows) {
  return std::string(reverse ? " DESC" : "") + " LIMIT " + std::to_string(rows);
}

}  // namespace

void my_session::fetch_heads(std::span<const std::string_view> keys,
                             const sql_store::take_row& take) {
  for (std::size_t first = 0; first < keys.size(); first += keys_per_statement) {
    const auto some = keys.subspan(first, std::min(keys_per_statement, keys.size() - first));
    script heads(db_);
    heads.of_keys(sql_.load, {some.begin(), some.end()});
    for (const rows& got : heads.run()) {
      for (int i = 0; i < got.size(); ++i) {
        std::string_view payload;
        stored_row row = row_of(got, i, payload);
        row.deleted = got.integer(i, 7) != 0;
        row.expires_at = got.integer(i, 8);
        take(row);
      }
    }
  }
}

void my_session::fetch_past(std::string_view key, std::uint64_t revision,
                            const sql_store::take_row& take) {
  std::string sql = "SELECT `key`," + content(true) + " FROM " + names_.history + " WHERE `key`=";
  literals(db_, sql).bytes(key);
  const rows got = db_.query(sql + " AND `revision`=" + std::to_string(revision));
  for (int i = 0; i < got.size(); ++i) {
    std::string_view payload;
    take(row_of(got, i, payload));
  }
}

void my_session::fetch_range(const sql_store::key_range& range, const sql_store::take_row& take) {
  std::string sql = "SELECT `key`," + content(range.with_payload) +
                    ",COALESCE(`expires_at`,0),`deleted` FROM " + names_.record +
                    " FORCE INDEX (PRIMARY) WHERE " +
                    (range.tombstones ? std::string("TRUE") : live(range.now));
  sql += range.low_included ? " AND `key`>=" : " AND `key`>";
  literals(db_, sql).bytes(range.low);
  sql += range.high_included ? " AND `key`<=" : " AND `key`<";
  literals(db_, sql).bytes(range.high);
  const rows got = db_.query(sql + " ORDER BY `key`" + limit(range.reverse, range.rows));
  for (int i = 0; i < got.size(); ++i) {
    std::string_view payload;
    stored_row row = row_of(got, i, payload);
    row.expires_at = got.integer(i, 7);
    row.deleted = got.integer(i, 8) != 0;
    take(row);
  }
}

void my_session::fetch_revisions(const sql_store::revision_range& range,
                                 const sql_store::take_row& take) {
  std::string key;
  literals(db_, key).bytes(range.key);
  const std::string columns = content(range.with_payload);
  const std::string order = " ORDER BY `revision`" + limit(range.reverse, range.rows);
  const std::string within = " WHERE `key`=" + key +
                             " AND `revision`>=" + std::to_string(range.low) +
                             " AND `revision`<=" + std::to_string(range.high);
  // Head and history of a key whose record has not expired.
  const rows got =
      db_.query("(SELECT `key`," + columns + " FROM " + names_.history + within +
                " AND NOT EXISTS (SELECT 1 FROM " + names_.record + " AS e WHERE e.`key`=" + key +
                " AND e.`expires_at`<=" + std::to_string(range.now) + ")" + order +
                ") UNION ALL (SELECT `key`," + columns + " FROM " + names_.record + within +
                " AND " + live(range.now) + ")" + order);
  for (int i = 0; i < got.size(); ++i) {
    std::string_view payload;
    take(row_of(got, i, payload));
  }
}

}  // namespace mysql_store
