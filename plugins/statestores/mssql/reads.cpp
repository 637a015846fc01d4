// The read side: the rows that sql-common's reader asks for.
#include "key_lists.hpp"
#include "odbc_session.hpp"

namespace mssql_store {

namespace {

using sql_store::as_signed;
using sql_store::stored_row;

// The columns revision, writer, written_at, type_url, meta, payload from `first` on. `payload` is
// where the view of the payload is put.
stored_row row_of(const rows& from, int row, int first, bool with_payload,
                  std::string_view& payload) {
  stored_row out;
  out.record.revision = from.word(row, first);
  out.record.writer = from.word(row, first + 1);
  out.record.written_unix_ms = from.integer(row, first + 2);
  out.record.type_url = from.bytes(row, first + 3);
  out.record.meta = from.bytes(row, first + 4);
  if (with_payload && !from.is_null(row, first + 5)) {
    payload = from.bytes(row, first + 5);
    out.record.payload = &payload;
  }
  return out;
}

// The types of those columns.
std::string shape(const char* before, bool with_payload) {
  return std::string(before) + (with_payload ? "iiitbb" : "iiitb");
}

}  // namespace

void odbc_session::fetch_heads(std::span<const std::string_view> keys,
                               const sql_store::take_row& take) {
  each_key_list(keys, {}, [&](std::size_t size, parameters with, auto) {
    const rows got = db_.query(sql_.load(size), std::move(with), shape("bii", true));
    for (int i = 0; i < got.size(); ++i) {
      std::string_view payload;
      stored_row row = row_of(got, i, 3, true, payload);
      row.key = got.bytes(i, 0);
      row.deleted = got.integer(i, 1) != 0;
      row.expires_at = got.integer(i, 2);
      take(row);
    }
  });
}

void odbc_session::fetch_past(std::string_view key, std::uint64_t revision,
                              const sql_store::take_row& take) {
  const rows got =
      db_.query(sql_.load_past, parameters().key(key).word(revision), shape("b", true));
  for (int i = 0; i < got.size(); ++i) {
    std::string_view payload;
    take(row_of(got, i, 1, true, payload));
  }
}

void odbc_session::fetch_range(const sql_store::key_range& range, const sql_store::take_row& take) {
  parameters with;
  with.key(range.low).key(range.high);
  if (!range.tombstones) {
    with.integer(range.now);
  }
  with.integer(range.rows);
  const rows got = db_.query(sql_.list(range), std::move(with), shape("bii", range.with_payload));
  for (int i = 0; i < got.size(); ++i) {
    std::string_view payload;
    stored_row row = row_of(got, i, 3, range.with_payload, payload);
    row.key = got.bytes(i, 0);
    row.expires_at = got.integer(i, 1);
    row.deleted = got.integer(i, 2) != 0;
    take(row);
  }
}

void odbc_session::fetch_revisions(const sql_store::revision_range& range,
                                   const sql_store::take_row& take) {
  parameters with;
  const auto bounds = [&] {
    with.key(range.key).word(as_signed(range.low)).word(as_signed(range.high));
  };
  bounds();
  with.key(range.key).integer(range.now);
  bounds();
  with.integer(range.now).integer(range.rows);
  const rows got = db_.query(sql_.revisions(range.reverse, range.with_payload), std::move(with),
                             shape("", range.with_payload));
  for (int i = 0; i < got.size(); ++i) {
    std::string_view payload;
    take(row_of(got, i, 0, range.with_payload, payload));
  }
}

}  // namespace mssql_store
