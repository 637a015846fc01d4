#include "sql-common/reader.hpp"

#include <algorithm>
#include <cstring>
#include <limits>
#include <unordered_map>
#include <vector>

namespace sql_store {

namespace {

using spawn::plugin::page_builder;
using spawn::plugin::set_outcome;
using spawn::plugin::store_key_bytes_max;
using spawn::plugin::text;

// The last key there can be.
const std::string& last_key() {
  static const std::string made(store_key_bytes_max, '\xff');
  return made;
}
// Rows with their payload are fetched so many at a time: a page ends by its bytes.
constexpr std::uint32_t rows_per_fetch = 64;

bool is_expired(const stored_row& row, std::int64_t now) noexcept {
  return row.expires_at != 0 && row.expires_at <= now;
}

void answer(spawn_ss_load& op, const stored_row& row, bool live) {
  spawn::plugin::record_view r = row.record;
  if (!live) {
    r.type_url = {};
    r.payload = nullptr;
  }
  give_record(op.out, r);
  set_outcome(&op.op, live ? SPAWN_OK : SPAWN_E_NOT_FOUND);
}

// A bound may be longer than any key; a database might cut it to the column's length.
void set_low(key_range& range, std::string_view bound, bool included) {
  range.low = bound.substr(0, store_key_bytes_max);
  range.low_included = included && bound.size() <= store_key_bytes_max;
}

void set_high(key_range& range, std::string_view bound) {
  range.high = bound.substr(0, store_key_bytes_max);
  range.high_included = bound.size() > store_key_bytes_max;
}

// On top of the range: a cursor may be of another one.
void go_on_after(key_range& range, std::string_view key) {
  if (range.reverse && key <= range.high) {
    set_high(range, key);
  } else if (!range.reverse && key >= range.low) {
    set_low(range, key, false);
  }
}

// Fills a page: `fetch(take)` gets the next rows, at most `rows` + 1, which take() is given;
// `more` makes the next fetch go on. True: there is more than the page holds.
class filler {
 public:
  filler(const spawn_ss_list& op) : wanted_(spawn::plugin::page_rows(op)) {
    rows_ = op.with_payload != 0 ? std::min(wanted_, rows_per_fetch) : wanted_;
  }
  [[nodiscard]] std::uint32_t rows() const noexcept { return rows_ + 1; }

  // `put(row)` adds it to the page.
  template <class Fetch, class Put>
  bool fill(const Fetch& fetch, const Put& put) {
    for (;;) {
      std::uint32_t n = 0;
      bool full = false;
      fetch([&](const stored_row& row) {
        full = full || page.full(wanted_);
        if (!full && ++n <= rows_) {  // the last one only shows that there is more
          put(row);
        }
      });
      if (full || n <= rows_) {
        return full;
      }
    }
  }

  page_builder page;

 private:
  std::uint32_t wanted_, rows_ = 0;
};

}  // namespace

void read_loads(row_source& from, std::span<spawn_ss_load* const> ops, std::int64_t now) {
  std::vector<std::string_view> keys;
  std::unordered_multimap<std::string_view, spawn_ss_load*> wanted;
  for (spawn_ss_load* op : ops) {
    op->out = {};
    set_outcome(&op->op, SPAWN_E_NOT_FOUND);
    if (!wanted.contains(text(op->key))) {
      keys.push_back(text(op->key));
    }
    wanted.emplace(text(op->key), op);
  }
  std::vector<spawn_ss_load*> past;
  from.fetch_heads(keys, [&](const stored_row& row) {
    const bool expired = is_expired(row, now);
    const auto [first, last] = wanted.equal_range(row.key);
    for (auto at = first; at != last; ++at) {
      spawn_ss_load& op = *at->second;
      if (op.at_revision == 0 || op.at_revision == row.record.revision) {
        answer(op, row, !row.deleted && !expired);
      } else if (!expired) {
        past.push_back(&op);
      }
    }
  });
  for (spawn_ss_load* op : past) {
    from.fetch_past(text(op->key), op->at_revision,
                    [&](const stored_row& row) { answer(*op, row, true); });
  }
}

void read_list(row_source& from, spawn_ss_list& op, std::int64_t now) {
  filler rows(op);
  key_range range;
  range.reverse = op.reverse != 0;
  range.with_payload = op.with_payload != 0;
  range.tombstones = spawn::plugin::lists_tombstones(op);
  range.rows = rows.rows();
  range.now = now;
  set_low(range, text(op.from), true);
  if (op.to.len != 0) {
    set_high(range, text(op.to));
  } else {
    range.high = last_key();
    range.high_included = true;
  }
  if (op.cursor.len != 0) {
    go_on_after(range, text(op.cursor));
  }
  std::string last;
  const bool more = rows.fill(
      [&](const take_row& take) {
        if (!last.empty()) {
          go_on_after(range, last);
        }
        from.fetch_range(range, take);
      },
      [&](const stored_row& row) {
        last = row.key;
        spawn::plugin::record_view record = row.record;
        record.expires_unix_ms = row.expires_at;
        record.tombstone = row.deleted || is_expired(row, now);
        rows.page.add(row.key, record);
      });
  rows.page.finish(op, more ? std::move(last) : std::string());
  set_outcome(&op.op, SPAWN_OK);
}

void read_history(row_source& from, spawn_ss_list& op, std::int64_t now) {
  constexpr std::uint64_t top = std::numeric_limits<std::uint64_t>::max();
  filler rows(op);
  revision_range range;
  range.key = text(op.from);
  range.low = op.from_revision;
  range.high = op.to_revision == 0 ? top : op.to_revision;
  range.reverse = op.reverse != 0;
  range.with_payload = op.with_payload != 0;
  range.rows = rows.rows();
  range.now = now;
  std::uint64_t last = 0;
  if (op.cursor.len == sizeof(last)) {
    std::memcpy(&last, op.cursor.ptr, sizeof(last));
  } else if (op.cursor.len != 0) {
    set_outcome(&op.op, SPAWN_E_INVALID, "the cursor is not one of this store");
    return;
  }
  const bool more = rows.fill(
      [&](const take_row& take) {
        if (last != 0) {
          (range.reverse ? range.high : range.low) = range.reverse ? last - 1 : last + 1;
        }
        from.fetch_revisions(range, take);
      },
      [&](const stored_row& row) {
        last = row.record.revision;
        rows.page.add(range.key, row.record);
      });
  rows.page.finish(
      op, more ? std::string(reinterpret_cast<const char*>(&last), sizeof(last)) : std::string());
  set_outcome(&op.op, SPAWN_OK);
}

}  // namespace sql_store
