// The read side: the rows that sql-common's reader asks for.
#include <algorithm>

#include "pg_session.hpp"

namespace postgres_store {

namespace {

using sql_store::as_signed;
using sql_store::stored_row;

constexpr std::size_t keys_per_statement = 256;

// Columns: key, revision, writer, written_at, type_url, meta, payload. `payload` is where the view
// of the payload is put.
stored_row row_of(const rows& from, int row, std::string_view& payload) {
  stored_row out;
  out.key = from.bytes(row, 0);
  out.record.revision = from.word(row, 1);
  out.record.writer = from.word(row, 2);
  out.record.written_unix_ms = static_cast<std::int64_t>(from.word(row, 3));
  out.record.type_url = from.bytes(row, 4);
  out.record.meta = from.bytes(row, 5);
  if (!from.is_null(row, 6)) {
    payload = from.bytes(row, 6);
    out.record.payload = &payload;
  }
  return out;
}

// The first key after it.
std::string after(const std::string& key) {
  return key + '\0';
}

}  // namespace

void pg_session::fetch_heads(std::span<const std::string_view> keys,
                             const sql_store::take_row& take) {
  for (std::size_t first = 0; first < keys.size(); first += keys_per_statement) {
    array some(oid::bytea);
    for (const std::string_view key :
         keys.subspan(first, std::min(keys_per_statement, keys.size() - first))) {
      some.bytes(key);
    }
    const rows got = db_.run(sql_.load, parameters().add(std::move(some)));
    for (int i = 0; i < got.size(); ++i) {
      std::string_view payload;
      stored_row row = row_of(got, i, payload);
      row.deleted = got.boolean(i, 7);
      row.expires_at = static_cast<std::int64_t>(got.word(i, 8));
      take(row);
    }
  }
}

void pg_session::fetch_past(std::string_view key, std::uint64_t revision,
                            const sql_store::take_row& take) {
  const rows got = db_.run(sql_.load_past, parameters().bytes(key).word(revision));
  for (int i = 0; i < got.size(); ++i) {
    std::string_view payload;
    take(row_of(got, i, payload));
  }
}

void pg_session::fetch_range(const sql_store::key_range& range, const sql_store::take_row& take) {
  const rows got = db_.run(range.reverse ? sql_.list_down : sql_.list_up,
                           parameters()
                               .bytes(range.low_included ? range.low : after(range.low))
                               .bytes(range.high_included ? after(range.high) : range.high)
                               .integer(range.now)
                               .boolean(range.with_payload)
                               .word(range.rows)
                               .boolean(range.tombstones));
  for (int i = 0; i < got.size(); ++i) {
    std::string_view payload;
    stored_row row = row_of(got, i, payload);
    row.expires_at = static_cast<std::int64_t>(got.word(i, 7));
    row.deleted = got.boolean(i, 8);
    take(row);
  }
}

void pg_session::fetch_revisions(const sql_store::revision_range& range,
                                 const sql_store::take_row& take) {
  const rows got =
      db_.run(range.reverse ? sql_.history_down : sql_.history_up, parameters()
                                                                       .bytes(range.key)
                                                                       .word(as_signed(range.low))
                                                                       .word(as_signed(range.high))
                                                                       .integer(range.now)
                                                                       .boolean(range.with_payload)
                                                                       .word(range.rows));
  for (int i = 0; i < got.size(); ++i) {
    std::string_view payload;
    take(row_of(got, i, payload));
  }
}

}  // namespace postgres_store
