#include "store.hpp"

#include <new>

#include "spawn/plugin/cpp/page.hpp"
#include "spawn/plugin/cpp/units.hpp"

namespace {

using spawn::plugin::record_view;
using spawn::plugin::set_outcome;
using spawn::plugin::text;

record_view view_of(const record& r, const std::string_view* payload) {
  record_view out;
  out.revision = r.revision;
  out.writer = r.writer;
  out.written_unix_ms = r.written_ms;
  out.type_url = r.type_url;
  out.meta = r.meta;
  out.payload = payload;
  out.tombstone = r.tombstone;
  return out;
}

std::optional<std::string> payload_of(const spawn_ss_save& op) {
  if (op.n_payload == 0) {
    return std::nullopt;
  }
  std::string out;
  out.reserve(spawn::plugin::payload_size(op));
  for (std::uint32_t i = 0; i < op.n_payload; ++i) {
    out.append(text(op.payload[i]));
  }
  return out;
}

// What a write leaves behind, its expectation being met.
record next_of(const spawn_ss_save& op, const record* stored, std::int64_t now_ms) {
  record out;
  out.revision = op.new_revision;
  out.writer = op.writer;
  out.written_ms = spawn::plugin::written_at(op, now_ms);
  out.meta = text(op.meta);
  if (op.op.code == SPAWN_SS_DELETE) {
    out.tombstone = true;
    out.gone = (op.op.flags & SPAWN_SS_F_NO_TOMBSTONE) != 0;
    if ((op.op.flags & SPAWN_SS_F_ERASE) != 0) {
      out.meta.clear();
    }
  } else if (op.op.code == SPAWN_SS_REWRITE) {
    out = *stored;
    out.meta = text(op.meta);
    out.payload = stored->tombstone ? std::nullopt : payload_of(op);
  } else {
    out.type_url = text(op.type_url);
    out.payload = payload_of(op);
  }
  return out;
}

}  // namespace

void store::run(std::span<spawn_op* const> ops) {
  const spawn::plugin::unit_list units(ops);
  const std::lock_guard hold(mutex_);
  for (std::size_t i = 0; i < units.size(); ++i) {
    spawn_op* first = units[i].front();
    if (spawn::plugin::is_store_write(first)) {
      write_unit(units[i]);
    } else if (spawn::plugin::refuse_store_op(host_, first)) {
      continue;
    } else if (first->code == SPAWN_SS_LOAD) {
      load(*reinterpret_cast<spawn_ss_load*>(first));
    } else if (first->code == SPAWN_SS_LIST) {
      list(*reinterpret_cast<spawn_ss_list*>(first));
    } else {
      set_outcome(first, SPAWN_E_UNSUPPORTED);  // HISTORY: not announced
    }
  }
}

// One write, or a group: all of it, or nothing.
void store::write_unit(std::span<spawn_op* const> unit) {
  stage staged;
  for (spawn_op* op : unit) {
    if (!spawn::plugin::refuse_store_op(host_, op)) {
      try {
        set_outcome(op, write(*reinterpret_cast<spawn_ss_save*>(op), staged));
      } catch (const std::bad_alloc&) {
        set_outcome(op, SPAWN_E_EXHAUSTED);
      }
    }
    if (op->status != SPAWN_OK) {
      for (spawn_op* other : unit) {
        if (other != op) {
          set_outcome(other, SPAWN_E_ABORTED);
        }
      }
      return;
    }
  }
  take_over(staged.written);
}

const record* store::find(std::string_view key, const stage& staged) const {
  if (const auto at = staged.written.find(key); at != staged.written.end()) {
    return at->second.gone ? nullptr : &at->second;
  }
  const auto at = records_.find(key);
  return at == records_.end() ? nullptr : &at->second;
}

spawn_status store::write(spawn_ss_save& op, stage& to) const {
  if (op.op.code == SPAWN_SS_PRUNE) {
    return SPAWN_OK;  // there is no history
  }
  const record* stored = find(text(op.key), to);
  const bool as_expected = op.expect_revision == 0
                               ? stored == nullptr
                               : stored != nullptr && stored->revision == op.expect_revision &&
                                     stored->writer == op.expect_writer;
  const bool needs_record = op.op.code == SPAWN_SS_REWRITE ||
                            (op.op.code == SPAWN_SS_DELETE && !spawn::plugin::is_store_import(op));
  if (!as_expected || (needs_record && stored == nullptr)) {
    op.out_revision = stored != nullptr ? stored->revision : 0;
    op.out_writer = stored != nullptr ? stored->writer : 0;
    return SPAWN_E_CONFLICT;
  }
  if (op.op.code == SPAWN_SS_CHECK) {
    return SPAWN_OK;
  }
  if (stored == nullptr && records_.size() + to.new_keys >= max_records_) {
    return SPAWN_E_EXHAUSTED;
  }
  record next = next_of(op, stored, host_.unix_ms());
  to.new_keys += stored == nullptr ? 1 : 0;
  to.written.insert_or_assign(std::string(text(op.key)), std::move(next));
  return SPAWN_OK;
}

// Moves nodes and allocates nothing, so it can not fail half-way.
void store::take_over(table& written) noexcept {
  while (!written.empty()) {
    auto node = written.extract(written.begin());
    if (const auto old = records_.find(node.key()); old != records_.end()) {
      records_.erase(old);
    }
    if (!node.mapped().gone) {
      records_.insert(std::move(node));
    }
  }
}

void store::load(spawn_ss_load& op) const {
  op.out = {};
  const auto at = records_.find(text(op.key));
  if (at == records_.end() || (op.at_revision != 0 && op.at_revision != at->second.revision)) {
    return set_outcome(&op.op, SPAWN_E_NOT_FOUND);
  }
  const record& r = at->second;
  const std::string_view payload = r.payload ? std::string_view(*r.payload) : std::string_view();
  spawn::plugin::give_record(op.out, view_of(r, r.payload ? &payload : nullptr));
  set_outcome(&op.op, r.tombstone ? SPAWN_E_NOT_FOUND : SPAWN_OK);
}

// The cursor is the last key of the page before.
void store::list(spawn_ss_list& op) const {
  const std::string_view from = text(op.from), to = text(op.to), cursor = text(op.cursor);
  const bool reverse = op.reverse != 0;
  auto next = reverse          ? (to.empty() ? records_.end() : records_.lower_bound(to))
              : cursor.empty() ? records_.lower_bound(from)
                               : records_.upper_bound(cursor);
  if (reverse && !cursor.empty()) {
    next = records_.lower_bound(cursor);
  }
  spawn::plugin::page_builder page;
  std::string last;
  bool more = false;
  while (next != (reverse ? records_.begin() : records_.end())) {
    const auto at = reverse ? std::prev(next) : next;
    if (reverse ? at->first < from : !to.empty() && at->first >= to) {
      break;
    }
    next = reverse ? at : std::next(at);
    const record& r = at->second;
    if (r.tombstone && !spawn::plugin::lists_tombstones(op)) {
      continue;
    }
    if (page.full(spawn::plugin::page_rows(op))) {
      more = true;
      break;
    }
    const std::string_view payload = r.payload ? std::string_view(*r.payload) : std::string_view();
    page.add(at->first, view_of(r, r.payload && op.with_payload != 0 ? &payload : nullptr));
    last = at->first;
  }
  page.finish(op, more ? last : std::string());
  set_outcome(&op.op, SPAWN_OK);
}
