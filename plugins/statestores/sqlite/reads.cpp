// The read side of a batch: LOAD, LIST, HISTORY.
#include <algorithm>
#include <cstring>
#include <limits>

#include "engine.hpp"
#include "spawn/plugin/cpp/page.hpp"

namespace sqlite_store {

namespace {

using spawn::plugin::page_builder;
using spawn::plugin::record_view;
using spawn::plugin::set_outcome;
using spawn::plugin::text;

// A record from columns `first`: revision, writer, written_at, type_url, meta, payload. The views
// live until the next step; `payload` is where the view of the payload is put.
record_view record_at(const statement& s, int first, std::string_view& payload) {
  record_view r;
  r.revision = s.word_at(first);
  r.writer = s.word_at(first + 1);
  r.written_unix_ms = s.integer_at(first + 2);
  r.type_url = s.bytes_at(first + 3);
  r.meta = s.bytes_at(first + 4);
  if (!s.is_null(first + 5)) {
    payload = s.bytes_at(first + 5);
    r.payload = &payload;
  }
  return r;
}

}  // namespace

int engine::load(spawn_ss_load& op, std::int64_t now) {
  op.out = {};
  statement s(db_.prepared(query::load_head));
  s.blob(1, text(op.key));
  const int rc = s.step();
  if (rc != SQLITE_ROW) {
    set_outcome(&op.op, SPAWN_E_NOT_FOUND);
    return rc == SQLITE_DONE ? SQLITE_OK : rc;
  }
  std::string_view payload;
  record_view r = record_at(s, 0, payload);
  const bool expired = !s.is_null(7) && s.integer_at(7) <= now;
  const bool live = s.integer_at(6) == 0 && !expired;
  if (op.at_revision == 0 || op.at_revision == r.revision) {
    if (!live) {
      r.type_url = {};
      r.payload = nullptr;
    }
    give_record(op.out, r);
    set_outcome(&op.op, live ? SPAWN_OK : SPAWN_E_NOT_FOUND);
    return SQLITE_OK;
  }
  if (expired) {
    set_outcome(&op.op, SPAWN_E_NOT_FOUND);
    return SQLITE_OK;
  }
  statement past(db_.prepared(query::load_past));
  past.blob(1, text(op.key)).word(2, op.at_revision);
  const int found = past.step();
  if (found == SQLITE_ROW) {
    give_record(op.out, record_at(past, 0, payload));
  }
  set_outcome(&op.op, found == SQLITE_ROW ? SPAWN_OK : SPAWN_E_NOT_FOUND);
  return found == SQLITE_ROW || found == SQLITE_DONE ? SQLITE_OK : found;
}

int engine::list(spawn_ss_list& op, std::int64_t now) {
  const bool reverse = op.reverse != 0;
  const std::string_view cursor = text(op.cursor);
  std::string low(text(op.from));
  std::string high(text(op.to));
  if (high.empty()) {
    high.assign(spawn::plugin::store_key_bytes_max + 1, '\xff');  // after every key there can be
  }
  if (!cursor.empty()) {
    if (reverse) {
      high = std::min(high, std::string(cursor));
    } else {
      low = std::max(low, std::string(cursor) + '\0');  // the first key after it
    }
  }
  statement s(db_.prepared(reverse ? query::list_down : query::list_up));
  s.blob(1, low).blob(2, high).integer(3, now).integer(4, op.with_payload != 0 ? 1 : 0);
  s.integer(5, spawn::plugin::lists_tombstones(op) ? 1 : 0);
  page_builder page;
  std::string last;
  for (;;) {
    const int rc = s.step();
    if (rc == SQLITE_DONE) {
      last.clear();
      break;
    }
    if (rc != SQLITE_ROW) {
      return rc;
    }
    if (page.full(spawn::plugin::page_rows(op))) {
      break;  // and `last` is where the next page goes on
    }
    std::string_view payload;
    last = s.bytes_at(0);
    record_view r = record_at(s, 1, payload);
    r.expires_unix_ms = s.integer_at(7);
    r.tombstone = s.integer_at(8) != 0;
    page.add(last, r);
  }
  page.finish(op, std::move(last));
  set_outcome(&op.op, SPAWN_OK);
  return SQLITE_OK;
}

int engine::history(spawn_ss_list& op, std::int64_t now) {
  const bool reverse = op.reverse != 0;
  constexpr auto top = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  std::uint64_t low = op.from_revision;
  std::uint64_t high = op.to_revision == 0 ? top : std::min(op.to_revision, top);
  std::uint64_t last = 0;
  if (op.cursor.len == sizeof(last)) {
    std::memcpy(&last, op.cursor.ptr, sizeof(last));
    (reverse ? high : low) = reverse ? last - 1 : last + 1;
  } else if (op.cursor.len != 0) {
    set_outcome(&op.op, SPAWN_E_INVALID, "the cursor is not one of this store");
    return SQLITE_OK;
  }
  statement s(db_.prepared(reverse ? query::history_down : query::history_up));
  s.blob(1, text(op.from)).word(2, low).word(3, high).integer(4, now);
  s.integer(5, op.with_payload != 0 ? 1 : 0);
  page_builder page;
  std::string cursor;
  for (;;) {
    const int rc = s.step();
    if (rc == SQLITE_DONE) {
      break;
    }
    if (rc != SQLITE_ROW) {
      return rc;
    }
    if (page.full(spawn::plugin::page_rows(op))) {
      cursor.assign(reinterpret_cast<const char*>(&last), sizeof(last));
      break;
    }
    std::string_view payload;
    const record_view r = record_at(s, 0, payload);
    last = r.revision;
    page.add(text(op.from), r);
  }
  page.finish(op, std::move(cursor));
  set_outcome(&op.op, SPAWN_OK);
  return SQLITE_OK;
}

}  // namespace sqlite_store
