// The read side: LOAD, LIST, HISTORY.
#include <algorithm>
#include <cstring>
#include <limits>
#include <unordered_map>

#include "literals.hpp"
#include "my_session.hpp"
#include "spawn/plugin/cpp/page.hpp"

namespace mysql_store {

namespace {

using spawn::plugin::page_builder;
using spawn::plugin::record_view;
using spawn::plugin::set_outcome;
using spawn::plugin::store_key_bytes_max;
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
  r.written_unix_ms = from.integer(row, 3);
  r.type_url = from.bytes(row, 4);
  r.meta = from.bytes(row, 5);
  if (!from.is_null(row, 6)) {
    payload = from.bytes(row, 6);
    r.payload = &payload;
  }
  return r;
}

std::string content(bool with_payload) {
  return std::string("`revision`,`writer`,`written_at`,`type_url`,`meta`,") +
         (with_payload ? "`payload`" : "NULL AS `payload`");
}

std::string live(std::int64_t now) {
  return "`deleted`=0 AND (`expires_at` IS NULL OR `expires_at`>" + std::to_string(now) + ")";
}

// One end of a range of keys. No key is longer than store_key_bytes_max, and a longer bound is
// never given to the server, which may cut it to the column's length.
class key_bound {
 public:
  key_bound(std::string_view key, bool included)
      : key_(key.substr(0, store_key_bytes_max)),
        included_(key.size() > store_key_bytes_max ? false : included) {}
  // The upper end: what is cut off made it later than the key that is left.
  static key_bound above(std::string_view key) {
    key_bound out(key, false);
    out.included_ = key.size() > store_key_bytes_max;
    return out;
  }

  void put(const connection& db, std::string& out, const char* sign) const {
    out += std::string(" AND `key`") + sign + (included_ ? "=" : "");
    literals(db, out).bytes(key_);
  }

 private:
  std::string key_;
  bool included_;
};

}  // namespace

void my_session::load_past(spawn_ss_load& op) {
  std::string sql = "SELECT `key`," + content(true) + " FROM " + names_.history + " WHERE `key`=";
  literals(db_, sql).bytes(text(op.key));
  const rows got = db_.query(sql + " AND `revision`=" + std::to_string(op.at_revision));
  if (got.size() != 0) {
    std::string_view payload;
    give_record(op.out, record_at(got, 0, payload));
    set_outcome(&op.op, SPAWN_OK);
  }
}

void my_session::load(std::span<spawn_ss_load* const> ops, std::int64_t now) {
  std::vector<spawn_ss_load*> past;
  for (std::size_t first = 0; first < ops.size(); first += loads_per_statement) {
    const auto some = ops.subspan(first, std::min(loads_per_statement, ops.size() - first));
    std::vector<std::string_view> keys;
    for (const spawn_ss_load* op : some) {
      keys.push_back(text(op->key));
    }
    script heads(db_);
    heads.of_keys(sql_.load, keys);
    const std::vector<rows> got = heads.run();
    std::unordered_map<std::string_view, std::pair<const rows*, int>> found;
    for (const rows& part : got) {
      for (int i = 0; i < part.size(); ++i) {
        found.emplace(part.bytes(i, 0), std::pair(&part, i));
      }
    }
    for (spawn_ss_load* op : some) {
      op->out = {};
      set_outcome(&op->op, SPAWN_E_NOT_FOUND);
      const auto at = found.find(text(op->key));
      if (at == found.end()) {
        continue;
      }
      const auto [from, row] = at->second;
      std::string_view payload;
      record_view r = record_at(*from, row, payload);
      const std::int64_t expires_at = from->integer(row, 8);
      const bool expired = expires_at != 0 && expires_at <= now;
      const bool is_live = from->integer(row, 7) == 0 && !expired;
      if (op->at_revision != 0 && op->at_revision != r.revision) {
        if (!expired) {
          past.push_back(op);
        }
        continue;
      }
      if (!is_live) {
        r.type_url = {};
        r.payload = nullptr;
      }
      give_record(op->out, r);
      set_outcome(&op->op, is_live ? SPAWN_OK : SPAWN_E_NOT_FOUND);
    }
  }
  for (spawn_ss_load* op : past) {
    load_past(*op);
  }
}

void my_session::list(spawn_ss_list& op, std::int64_t now) {
  const bool reverse = op.reverse != 0;
  const bool with_payload = op.with_payload != 0;
  key_bound low(text(op.from), true);
  std::optional<key_bound> high;
  if (op.to.len != 0) {
    high = key_bound::above(text(op.to));
  }
  std::optional<key_bound> after;  // on top of the range: a cursor may be of another one
  if (op.cursor.len != 0) {
    after.emplace(text(op.cursor), false);
  }
  const std::uint32_t wanted = spawn::plugin::page_rows(op);
  const std::uint32_t fetch = with_payload ? std::min(wanted, rows_per_fetch) : wanted;
  page_builder page;
  std::string last;
  for (bool more = true; more;) {
    std::string sql = "SELECT `key`," + content(with_payload) + ",COALESCE(`expires_at`,0),NOT(" + live(now) +
                      ") FROM " + names_.record + " FORCE INDEX (PRIMARY) WHERE " +
                      (spawn::plugin::lists_tombstones(op) ? std::string("TRUE") : live(now));
    low.put(db_, sql, ">");
    if (high.has_value()) {
      high->put(db_, sql, "<");
    }
    if (after.has_value()) {
      after->put(db_, sql, reverse ? "<" : ">");
    }
    sql += std::string(" ORDER BY `key`") + (reverse ? " DESC" : "") + " LIMIT " +
           std::to_string(fetch + 1);
    const rows got = db_.query(sql);
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
      r.expires_unix_ms = got.integer(i, 7);
      r.tombstone = got.integer(i, 8) != 0;
      page.add(last, r);
    }
    after.emplace(last, false);
  }
  page.finish(op, {});
  set_outcome(&op.op, SPAWN_OK);
}

void my_session::history(spawn_ss_list& op, std::int64_t now) {
  const bool reverse = op.reverse != 0;
  std::uint64_t low = op.from_revision;
  std::uint64_t high =
      op.to_revision == 0 ? std::numeric_limits<std::uint64_t>::max() : op.to_revision;
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
  std::string key;
  literals(db_, key).bytes(text(op.from));
  const std::string columns = content(op.with_payload != 0);
  const std::uint32_t wanted = spawn::plugin::page_rows(op);
  const std::uint32_t fetch = op.with_payload != 0 ? std::min(wanted, rows_per_fetch) : wanted;
  const std::string order = std::string(" ORDER BY `revision`") + (reverse ? " DESC" : "") +
                            " LIMIT " + std::to_string(fetch + 1);
  page_builder page;
  for (bool more = true; more;) {
    const std::string range = " WHERE `key`=" + key + " AND `revision`>=" + std::to_string(low) +
                              " AND `revision`<=" + std::to_string(high);
    // Head and history of a key whose record has not expired.
    const rows got = db_.query(
        "(SELECT `key`," + columns + " FROM " + names_.history + range +
        " AND NOT EXISTS (SELECT 1 FROM " + names_.record + " AS e WHERE e.`key`=" + key +
        " AND e.`expires_at`<=" + std::to_string(now) + ")" + order + ") UNION ALL (SELECT `key`," +
        columns + " FROM " + names_.record + range + " AND " + live(now) + ")" + order);
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

}  // namespace mysql_store
