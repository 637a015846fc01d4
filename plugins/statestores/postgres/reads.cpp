// The read side: LOAD, LIST, HISTORY.
#include <algorithm>
#include <cstring>
#include <limits>
#include <unordered_map>

#include "pg_session.hpp"
#include "spawn/plugin/cpp/page.hpp"

namespace postgres_store {

namespace {

using spawn::plugin::page_builder;
using spawn::plugin::record_view;
using spawn::plugin::set_outcome;
using spawn::plugin::text;

constexpr std::size_t loads_per_statement = 256;
// Rows with their payload are fetched so many at a time: a page ends by its bytes.
constexpr std::uint32_t rows_per_fetch = 64;

// Columns: key, revision, writer, written_at, type_url, meta, payload. `payload` is where the view
// of the payload is put.
record_view record_at(const rows& from, int row, std::string_view& payload) {
  record_view r;
  r.revision = from.word(row, 1);
  r.writer = from.word(row, 2);
  r.written_unix_ms = static_cast<std::int64_t>(from.word(row, 3));
  r.type_url = from.bytes(row, 4);
  r.meta = from.bytes(row, 5);
  if (!from.is_null(row, 6)) {
    payload = from.bytes(row, 6);
    r.payload = &payload;
  }
  return r;
}

}  // namespace

void pg_session::load(std::span<spawn_ss_load* const> ops, std::int64_t now) {
  std::vector<spawn_ss_load*> past;
  for (std::size_t first = 0; first < ops.size(); first += loads_per_statement) {
    const auto some = ops.subspan(first, std::min(loads_per_statement, ops.size() - first));
    array keys(oid::bytea);
    for (const spawn_ss_load* op : some) {
      keys.bytes(text(op->key));
    }
    const rows got = db_.run(sql_.load, parameters().add(std::move(keys)));
    std::unordered_map<std::string_view, int> found;
    for (int i = 0; i < got.size(); ++i) {
      found.emplace(got.bytes(i, 0), i);
    }
    for (spawn_ss_load* op : some) {
      op->out = {};
      set_outcome(&op->op, SPAWN_E_NOT_FOUND);
      const auto at = found.find(text(op->key));
      if (at == found.end()) {
        continue;
      }
      const int row = at->second;
      std::string_view payload;
      record_view r = record_at(got, row, payload);
      const auto expires_at = static_cast<std::int64_t>(got.word(row, 8));
      const bool expired = expires_at != 0 && expires_at <= now;
      const bool live = !got.boolean(row, 7) && !expired;
      if (op->at_revision != 0 && op->at_revision != r.revision) {
        if (!expired) {
          past.push_back(op);
        }
        continue;
      }
      if (!live) {
        r.type_url = {};
        r.payload = nullptr;
      }
      give_record(op->out, r);
      set_outcome(&op->op, live ? SPAWN_OK : SPAWN_E_NOT_FOUND);
    }
  }
  for (spawn_ss_load* op : past) {
    array key(oid::bytea), revision(oid::int8);
    key.bytes(text(op->key));
    revision.word(op->at_revision);
    const rows got =
        db_.run(sql_.load_past, parameters().add(std::move(key)).add(std::move(revision)));
    if (got.size() != 0) {
      std::string_view payload;
      give_record(op->out, record_at(got, 0, payload));
      set_outcome(&op->op, SPAWN_OK);
    }
  }
}

void pg_session::list(spawn_ss_list& op, std::int64_t now) {
  const bool reverse = op.reverse != 0;
  const std::string_view cursor = text(op.cursor);
  std::string low(text(op.from));
  std::string high(text(op.to));
  if (high.empty()) {
    high.assign(spawn::plugin::store_key_bytes_max + 1, '\xff');  // after every key there can be
  }
  const auto go_on_after = [&](std::string_view key) {
    if (reverse) {
      high = std::min(high, std::string(key));
    } else {
      low = std::max(low, std::string(key) + '\0');  // the first key after it
    }
  };
  if (!cursor.empty()) {
    go_on_after(cursor);
  }
  const std::uint32_t wanted = spawn::plugin::page_rows(op);
  const std::uint32_t fetch = op.with_payload != 0 ? std::min(wanted, rows_per_fetch) : wanted;
  page_builder page;
  std::string last;
  for (bool more = true; more;) {
    const rows got =
        db_.run(reverse ? sql_.list_down : sql_.list_up, parameters()
                                                             .bytes(low)
                                                             .bytes(high)
                                                             .integer(now)
                                                             .boolean(op.with_payload != 0)
                                                             .word(fetch + 1)
                                                             .boolean(spawn::plugin::lists_tombstones(op)));
    more = got.size() > static_cast<int>(fetch);
    for (int i = 0; i < got.size(); ++i) {
      if (page.full(wanted)) {
        page.finish(op, std::move(last));
        set_outcome(&op.op, SPAWN_OK);
        return;
      }
      if (more && i == got.size() - 1) {
        break;  // it only shows that there is more
      }
      std::string_view payload;
      last = got.bytes(i, 0);
      record_view r = record_at(got, i, payload);
      r.expires_unix_ms = static_cast<std::int64_t>(got.word(i, 7));
      r.tombstone = got.boolean(i, 8);
      page.add(last, r);
    }
    if (more) {
      go_on_after(last);
    }
  }
  page.finish(op, {});
  set_outcome(&op.op, SPAWN_OK);
}

void pg_session::history(spawn_ss_list& op, std::int64_t now) {
  const bool reverse = op.reverse != 0;
  constexpr auto top = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  std::uint64_t low = op.from_revision;
  std::uint64_t high = op.to_revision == 0 ? top : std::min(op.to_revision, top);
  std::uint64_t last = 0;
  const auto go_on_after = [&](std::uint64_t revision) {
    (reverse ? high : low) = reverse ? revision - 1 : revision + 1;
  };
  if (op.cursor.len == sizeof(last)) {
    std::memcpy(&last, op.cursor.ptr, sizeof(last));
    go_on_after(last);
  } else if (op.cursor.len != 0) {
    set_outcome(&op.op, SPAWN_E_INVALID, "the cursor is not one of this store");
    return;
  }
  const std::uint32_t wanted = spawn::plugin::page_rows(op);
  const std::uint32_t fetch = op.with_payload != 0 ? std::min(wanted, rows_per_fetch) : wanted;
  page_builder page;
  for (bool more = true; more;) {
    const rows got =
        db_.run(reverse ? sql_.history_down : sql_.history_up, parameters()
                                                                   .bytes(text(op.from))
                                                                   .word(low)
                                                                   .word(high)
                                                                   .integer(now)
                                                                   .boolean(op.with_payload != 0)
                                                                   .word(fetch + 1));
    more = got.size() > static_cast<int>(fetch);
    for (int i = 0; i < got.size(); ++i) {
      if (page.full(wanted)) {
        page.finish(op, std::string(reinterpret_cast<const char*>(&last), sizeof(last)));
        set_outcome(&op.op, SPAWN_OK);
        return;
      }
      if (more && i == got.size() - 1) {
        break;
      }
      std::string_view payload;
      const record_view r = record_at(got, i, payload);
      last = r.revision;
      page.add(text(op.from), r);
    }
    if (more) {
      go_on_after(last);
    }
  }
  page.finish(op, {});
  set_outcome(&op.op, SPAWN_OK);
}

}  // namespace postgres_store
