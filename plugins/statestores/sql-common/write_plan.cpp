#include "sql-common/write_plan.hpp"

#include <algorithm>
#include <limits>
#include <optional>

namespace sql_store {

namespace {

using spawn::plugin::set_outcome;
using spawn::plugin::text;

constexpr const char* differs = "stored revision or writer differs";

std::int64_t later(std::int64_t now, std::uint64_t ms) noexcept {
  const auto room = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max() - now);
  return now + static_cast<std::int64_t>(std::min(ms, room));
}

bool has(const spawn_ss_save& op, std::uint16_t flag) noexcept {
  return (op.op.flags & flag) != 0;
}

}  // namespace

std::vector<std::string_view> keys_of(std::span<const std::span<spawn_op* const>> units) {
  std::vector<std::string_view> keys;
  for (const auto& unit : units) {
    for (const spawn_op* op : unit) {
      keys.push_back(text(reinterpret_cast<const spawn_ss_save*>(op)->key));
    }
  }
  std::sort(keys.begin(), keys.end());
  keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
  return keys;
}

write_plan::write_plan(std::span<const std::string_view> keys, std::span<const head> heads,
                       std::int64_t now, history_rule defaults, bool has_history, past_fn past_of)
    : now_(now), defaults_(defaults), has_history_(has_history), past_of_(std::move(past_of)) {
  states_.reserve(keys.size());
  index_.reserve(keys.size());
  for (std::size_t i = 0; i < keys.size(); ++i) {
    key_state k;
    k.key = keys[i];
    k.stored = heads[i];
    k.now = heads[i];
    index_.emplace(keys[i], i);
    states_.push_back(std::move(k));
  }
}

write_plan::key_state& write_plan::state_of(const spawn_ss_save& op) {
  return states_[index_.at(text(op.key))];
}

void write_plan::add(std::span<spawn_op* const> unit) {
  // What the keys of a group were like, for when one of its ops loses.
  std::vector<std::pair<std::size_t, key_state>> before;
  if (unit.size() > 1) {
    for (const spawn_op* op : unit) {
      const std::size_t at = index_.at(text(reinterpret_cast<const spawn_ss_save*>(op)->key));
      before.emplace_back(at, states_[at]);
    }
  }
  const bool changed_before = changes_data_;
  const std::size_t first = outcomes_.size();
  for (spawn_op* raw : unit) {
    auto& op = *reinterpret_cast<spawn_ss_save*>(raw);
    const spawn_status status = apply(op);
    key_state& k = state_of(op);
    k.grouped = k.grouped || unit.size() > 1;
    const head& now = k.now;
    outcomes_.push_back({&op, status, status == SPAWN_OK ? "" : differs,
                         now.exists ? now.revision : 0, now.exists ? now.writer : 0});
    if (status == SPAWN_OK) {
      continue;
    }
    for (auto at = before.rbegin(); at != before.rend(); ++at) {
      states_[at->first] = std::move(at->second);
    }
    changes_data_ = changed_before;
    const outcome lost = outcomes_.back();
    outcomes_.resize(first);
    for (spawn_op* each : unit) {
      auto& save = *reinterpret_cast<spawn_ss_save*>(each);
      outcomes_.push_back(
          each == raw ? lost
                      : outcome{&save, SPAWN_E_ABORTED, "another op of the group failed", 0, 0});
    }
    return;
  }
}

spawn_status write_plan::apply(spawn_ss_save& op) {
  key_state& k = state_of(op);
  const bool as_expected = op.expect_revision == 0
                               ? !k.now.exists
                               : k.now.exists && k.now.revision == op.expect_revision &&
                                     k.now.writer == op.expect_writer;
  switch (op.op.code) {
    case SPAWN_SS_CHECK:
      return as_expected ? SPAWN_OK : SPAWN_E_CONFLICT;
    case SPAWN_SS_REWRITE:
      if (as_expected) {
        (k.content != nullptr ? k.body : k.rewritten) = &op;
      } else if (!k.now.exists || !rewrite_past(k, op)) {
        return SPAWN_E_CONFLICT;
      }
      changes_data_ = true;
      return SPAWN_OK;
    case SPAWN_SS_PRUNE:
      if (k.now.exists) {
        changes_data_ = true;
        k.pruned = true;
        prune_to(k, op, k.now.revision);
      }
      return SPAWN_OK;
    default:
      break;
  }
  const bool is_save = op.op.code == SPAWN_SS_SAVE;
  if (!as_expected || (!is_save && !k.now.exists && !spawn::plugin::is_store_import(op))) {
    return SPAWN_E_CONFLICT;
  }
  changes_data_ = true;
  if (!is_save && has(op, SPAWN_SS_F_NO_TOMBSTONE)) {
    const std::string_view key = k.key;
    const head stored = k.stored;
    const bool grouped = k.grouped;
    k = {};
    k.key = key;
    k.stored = stored;
    k.grouped = grouped;
    k.purged = true;
    k.drop_history = true;
    return SPAWN_OK;
  }
  if (!is_save && has(op, SPAWN_SS_F_ERASE)) {
    k.erased = true;
    k.drop_history = true;
    k.copy_stored = false;
    k.past.clear();
    k.prune_below = 0;
    k.replaced_until = 0;
  } else {
    supersede(k, op);
  }
  k.now.exists = true;
  k.now.revision = op.new_revision;
  k.now.writer = op.writer;
  k.now.deleted = !is_save;
  k.now.expires_at =
      is_save && op.ttl_s != 0 ? later(now_, std::uint64_t{op.ttl_s} * 1000) : std::int64_t{0};
  k.content = &op;
  k.body = &op;
  return SPAWN_OK;
}

bool write_plan::rewrite_past(key_state& k, const spawn_ss_save& op) {
  for (row& r : k.past) {
    if (r.from->new_revision == op.expect_revision && r.from->writer == op.expect_writer) {
      r.body = &op;
      return true;
    }
  }
  const bool is_copy = k.copy_stored && k.stored.revision == op.expect_revision &&
                       k.stored.writer == op.expect_writer;
  if (!is_copy) {
    const bool gone = k.drop_history || op.expect_revision < k.prune_below;
    const auto replaced_at = gone ? std::nullopt : past_of_(op);
    if (!replaced_at || (k.replaced_until != 0 && *replaced_at <= k.replaced_until)) {
      return false;
    }
  }
  k.past_rewritten.push_back(&op);
  return true;
}

void write_plan::supersede(key_state& k, const spawn_ss_save& op) {
  const std::uint32_t keep = kept_by(op);
  if (is_expired(k.now)) {
    k.drop_history = true;
    k.copy_stored = false;
    k.past.clear();
  } else if (k.now.exists && !k.now.deleted && keep != 0) {
    if (k.content != nullptr) {
      k.past.push_back({k.key, k.content, k.body, 0});
    } else {
      k.copy_stored = true;
    }
  }
  has_history_ = has_history_ || keep != 0;
  prune_to(k, op, op.new_revision);
}

void write_plan::prune_to(key_state& k, const spawn_ss_save& op, std::uint64_t newest) {
  const std::uint32_t keep = kept_by(op);
  const std::uint64_t keep_ms = op.keep_history_ms != 0 ? op.keep_history_ms : defaults_.keep_ms;
  const std::uint64_t below = newest > keep ? newest - keep : 0;
  k.prune_below = std::max(k.prune_below, below);
  std::erase_if(k.past, [below](const row& r) { return r.from->new_revision < below; });
  k.copy_stored = k.copy_stored && k.stored.revision >= below;
  if (keep_ms != 0 && keep_ms <= static_cast<std::uint64_t>(now_)) {
    k.replaced_until = std::max(k.replaced_until, now_ - static_cast<std::int64_t>(keep_ms));
  }
}

void write_plan::finish() {
  for (key_state& k : states_) {
    if (k.drop_history && (has_history_ || k.erased)) {
      clear_history.push_back(k.key);
    }
    if (k.copy_stored) {
      keep_head.push_back(k.key);
    }
    past.insert(past.end(), k.past.begin(), k.past.end());
    if (k.rewritten != nullptr) {
      rewrites.push_back(k.rewritten);
    }
    past_rewrites.insert(past_rewrites.end(), k.past_rewritten.begin(), k.past_rewritten.end());
    if (k.content != nullptr) {
      const row r{k.key, k.content, k.body, k.now.expires_at};
      (k.stored.exists ? updates : inserts).push_back(r);
    } else if (k.purged && k.stored.exists) {
      purges.push_back(k.key);
    }
    const bool changes_row =
        k.content != nullptr || k.rewritten != nullptr || (k.purged && k.stored.exists);
    if (!changes_row && (k.grouped || k.pruned)) {
      (k.stored.exists ? guards : absent_guards).push_back(k.key);
    }
    const bool prunes_any = (k.content != nullptr || k.pruned) && !k.drop_history &&
                            k.stored.exists && (has_history_ || k.pruned) &&
                            (k.prune_below > 1 || k.replaced_until != 0);
    if (prunes_any) {
      prunes.push_back({k.key, k.prune_below, k.replaced_until});
    }
  }
}

std::string_view write_plan::row::meta() const noexcept {
  const bool erased = body == from && !is_save() && has(*from, SPAWN_SS_F_ERASE);
  return erased ? std::string_view() : text(body->meta);
}

void write_plan::tell() const {
  for (const outcome& o : outcomes_) {
    if (o.status == SPAWN_E_CONFLICT) {
      o.op->out_revision = o.revision;
      o.op->out_writer = o.writer;
    }
    spawn::plugin::release(o.op->op.error);  // of a try together with others
    set_outcome(&o.op->op, o.status, o.why);
  }
}

void write_plan::tell_unknown(std::string_view why) const {
  for (const outcome& o : outcomes_) {
    if (o.status == SPAWN_OK) {
      spawn::plugin::release(o.op->op.error);
      set_outcome(&o.op->op, SPAWN_E_UNKNOWN_OUTCOME, why);
    }
  }
}

}  // namespace sql_store
