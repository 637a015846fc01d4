#include "store.hpp"

#include <algorithm>
#include <functional>
#include <string>

namespace memory_store {

namespace {

using spawn::plugin::page_builder;
using spawn::plugin::record_view;
using spawn::plugin::set_outcome;
using spawn::plugin::text;

void add_row(page_builder& page, std::string_view key, const version& v, bool with_payload,
             std::int64_t expires_ms, bool tombstone) {
  const std::string_view payload = v.payload();
  page.add(key, {v.revision(), v.writer(), v.written_ms(), v.type_url(), v.meta(),
                 with_payload && v.has_payload() ? &payload : nullptr, expires_ms, tombstone});
}

void lend_record(spawn_ss_record& out, version& v, bool with_content) {
  out.revision = v.revision();
  out.writer = v.writer();
  out.written_unix_ms = v.written_ms();
  out.meta = v.lend(v.meta());
  if (with_content) {
    out.type_url = v.lend(v.type_url());
    if (v.has_payload()) {
      out.payload = v.lend(v.payload());
    }
  }
}

const char* why_not(spawn_status s) noexcept {
  switch (s) {
    case SPAWN_E_CONFLICT:
      return "stored revision or writer differs";
    case SPAWN_E_EXHAUSTED:
      return "the store has reached max_bytes";
    default:
      return "";
  }
}

}  // namespace

store::store(spawn::plugin::host_ref host, const settings& s)
    : host_(host),
      defaults_(s.history),
      account_(std::make_shared<budget>()),
      export_(all_shards()),
      import_(all_shards(), account_) {
  account_->limit = s.max_bytes;
}

std::size_t store::index_of(std::string_view key) const noexcept {
  return shard_of(key, shard_count);
}

std::vector<shard*> store::all_shards() {
  std::vector<shard*> out;
  for (shard& each : shards_) {
    out.push_back(&each);
  }
  return out;
}

void store::begin_export() {
  export_ = exporter(all_shards());
}

void store::export_next(spawn::plugin::pending<spawn_handoff_op> op) {
  std::string chunk;
  op->last = export_.next(chunk) ? 0 : 1;
  op->out_chunk = spawn::plugin::give(std::move(chunk));
  op.end(SPAWN_OK);
}

void store::import_next(spawn::plugin::pending<spawn_handoff_op> op) {
  const spawn_status status = import_.take(text(op->in_chunk), op->last != 0);
  op.end(status, status == SPAWN_OK          ? ""
                 : status == SPAWN_E_CORRUPT ? "the chunk is not one of a memory store"
                                             : why_not(status));
}

void store::run(std::span<spawn_op* const> ops) {
  const std::int64_t now = host_.unix_ms();
  const spawn::plugin::unit_list units(ops);
  for (std::size_t i = 0; i < units.size(); ++i) {
    const auto unit = units[i];
    if (unit.size() > 1) {
      write_group(unit, now);
    } else if (!spawn::plugin::refuse_store_op(host_, unit[0])) {
      run_one(unit[0], now);
    }
  }
}

void store::run_one(spawn_op* op, std::int64_t now) {
  switch (op->code) {
    case SPAWN_SS_LOAD:
      return load(*reinterpret_cast<spawn_ss_load*>(op), now);
    case SPAWN_SS_LIST:
      return list(*reinterpret_cast<spawn_ss_list*>(op), now);
    case SPAWN_SS_HISTORY:
      return history(*reinterpret_cast<spawn_ss_list*>(op), now);
    default:
      return write(*reinterpret_cast<spawn_ss_save*>(op), now);
  }
}

void store::write(spawn_ss_save& op, std::int64_t now) {
  shard& s = shards_[index_of(text(op.key))];
  const std::lock_guard hold(s.mutex);
  s.sweep(now, account_);
  const spawn_status done = s.apply(op, now, defaults_, account_, nullptr);
  set_outcome(&op.op, done, why_not(done));
}

void store::write_group(std::span<spawn_op* const> group, std::int64_t now) {
  std::array<bool, shard_count> touched{};
  spawn_op* loser = nullptr;
  for (spawn_op* op : group) {
    if (spawn::plugin::refuse_store_op(host_, op)) {
      loser = op;
      break;
    }
    touched[index_of(text(reinterpret_cast<spawn_ss_save*>(op)->key))] = true;
  }
  if (loser == nullptr) {
    std::array<std::unique_lock<std::mutex>, shard_count> locks;
    for (std::size_t i = 0; i < shard_count; ++i) {
      if (touched[i]) {
        locks[i] = std::unique_lock(shards_[i].mutex);
        shards_[i].sweep(now, account_);
      }
    }
    loser = apply_all(group, now);
  }
  if (loser != nullptr) {
    for (spawn_op* op : group) {
      if (op != loser) {
        set_outcome(op, SPAWN_E_ABORTED, "another op of the group failed");
      }
    }
  }
}

spawn_op* store::apply_all(std::span<spawn_op* const> group, std::int64_t now) {
  std::vector<shard::undo> log;
  log.reserve(group.size());
  for (spawn_op* op : group) {
    auto& write = *reinterpret_cast<spawn_ss_save*>(op);
    const spawn_status done =
        shards_[index_of(text(write.key))].apply(write, now, defaults_, account_, &log);
    set_outcome(op, done, why_not(done));
    if (done != SPAWN_OK) {
      for (auto u = log.rbegin(); u != log.rend(); ++u) {
        u->where->restore(*u);
      }
      return op;
    }
  }
  return nullptr;
}

void store::load(spawn_ss_load& op, std::int64_t now) {
  op.out = {};
  shard& s = shards_[index_of(text(op.key))];
  version_ptr found;
  bool live = false;
  {
    const std::lock_guard hold(s.mutex);
    if (const entry* e = s.find(text(op.key)); e != nullptr) {
      live = e->live(now);
      if (op.at_revision == 0 || op.at_revision == e->head->revision()) {
        found = e->head;
      } else if (!e->expired(now)) {
        for (const past& p : e->history) {
          if (p.what->revision() == op.at_revision) {
            found = p.what;
            live = true;
          }
        }
      }
    }
  }
  if (found) {
    lend_record(op.out, *found, live);
  }
  set_outcome(&op.op, found && live ? SPAWN_OK : SPAWN_E_NOT_FOUND);
}

void store::list(spawn_ss_list& op, std::int64_t now) {
  using iterator = shard::table::const_iterator;
  struct source {
    iterator at, end;
  };
  const bool reverse = op.reverse != 0;
  const std::string_view cursor = text(op.cursor);
  const std::string_view low =
      !reverse && !cursor.empty() ? std::max(cursor, text(op.from)) : text(op.from);
  std::string_view high = text(op.to);
  if (reverse && !cursor.empty() && (high.empty() || cursor < high)) {
    high = cursor;
  }
  const auto limit = spawn::plugin::page_rows(op);
  struct listed {
    std::string key;
    version_ptr what;
    std::int64_t expires_ms;
    bool tombstone;
  };
  std::vector<listed> rows;
  std::size_t bytes = 0;
  bool more = false;
  {
    std::array<std::unique_lock<std::mutex>, shard_count> locks;
    std::vector<source> sources;
    for (std::size_t i = 0; i < shard_count; ++i) {
      locks[i] = std::unique_lock(shards_[i].mutex);
      const shard::table& keys = shards_[i].keys();
      const bool after_cursor = !reverse && !cursor.empty() && low == cursor;
      const iterator first = after_cursor ? keys.upper_bound(low) : keys.lower_bound(low);
      const iterator last = high.empty() ? keys.end() : keys.lower_bound(high);
      if (first != keys.end() && (high.empty() || first->first < high)) {
        sources.push_back({first, last});
      }
    }
    // The next key is at the front of one source (ascending) or just before the end of one.
    const auto key_of = [&](const source& s) -> const std::string& {
      return reverse ? std::prev(s.end)->first : s.at->first;
    };
    const auto worse = [&](const source& a, const source& b) {
      return reverse ? key_of(a) < key_of(b) : key_of(a) > key_of(b);
    };
    std::make_heap(sources.begin(), sources.end(), worse);
    while (!sources.empty()) {
      std::pop_heap(sources.begin(), sources.end(), worse);
      source& s = sources.back();
      const iterator row = reverse ? --s.end : s.at++;
      const bool live = row->second.live(now);
      if (live || spawn::plugin::lists_tombstones(op)) {
        if (rows.size() >= limit || (!rows.empty() && bytes >= page_builder::bytes_max)) {
          more = true;
          break;
        }
        rows.push_back({row->first, row->second.head, row->second.expires_ms, !live});
        bytes += row->first.size() + row->second.head->meta().size() +
                 (op.with_payload != 0 ? row->second.head->payload().size() : 0);
      }
      if (s.at == s.end) {
        sources.pop_back();
      } else {
        std::push_heap(sources.begin(), sources.end(), worse);
      }
    }
  }
  page_builder page;
  for (const listed& each : rows) {
    add_row(page, each.key, *each.what, op.with_payload != 0, each.expires_ms, each.tombstone);
  }
  page.finish(op, more ? rows.back().key : std::string());
  set_outcome(&op.op, SPAWN_OK);
}

void store::history(spawn_ss_list& op, std::int64_t now) {
  std::vector<version_ptr> found;
  {
    shard& s = shards_[index_of(text(op.from))];
    const std::lock_guard hold(s.mutex);
    const entry* e = s.find(text(op.from));
    if (e != nullptr && !e->expired(now)) {
      for (const past& p : e->history) {
        found.push_back(p.what);
      }
      if (!e->deleted) {
        found.push_back(e->head);
      }
    }
  }
  const bool reverse = op.reverse != 0;
  std::uint64_t low = op.from_revision;
  std::uint64_t high = op.to_revision == 0 ? ~std::uint64_t{0} : op.to_revision;
  if (op.cursor.len == sizeof(std::uint64_t)) {
    std::uint64_t last = 0;
    std::memcpy(&last, op.cursor.ptr, sizeof(last));
    (reverse ? high : low) = reverse ? last - 1 : last + 1;
  } else if (op.cursor.len != 0) {
    return set_outcome(&op.op, SPAWN_E_INVALID, "the cursor is not one of this store");
  }
  if (reverse) {
    std::reverse(found.begin(), found.end());
  }
  page_builder page;
  std::string cursor;
  std::uint64_t last = 0;
  for (const version_ptr& v : found) {
    if (v->revision() < low || v->revision() > high) {
      continue;
    }
    if (page.full(spawn::plugin::page_rows(op))) {
      cursor.assign(reinterpret_cast<const char*>(&last), sizeof(last));
      break;
    }
    add_row(page, text(op.from), *v, op.with_payload != 0, 0, false);
    last = v->revision();
  }
  page.finish(op, std::move(cursor));
  set_outcome(&op.op, SPAWN_OK);
}

}  // namespace memory_store
