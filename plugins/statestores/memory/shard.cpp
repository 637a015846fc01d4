#include "shard.hpp"

#include <algorithm>
#include <limits>

namespace memory_store {

namespace {

using spawn::plugin::text;

constexpr int sweep_max = 16;
// Longer than any save can linger anywhere, so that a late one meets the tombstone.
constexpr std::int64_t tombstone_ms = 24 * 3600 * 1000;

std::int64_t later(std::int64_t now, std::uint64_t ms) noexcept {
  const auto room = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max() - now);
  return now + static_cast<std::int64_t>(std::min(ms, room));
}

}  // namespace

version_ptr version::allocate(const std::shared_ptr<budget>& account, const content& what,
                              bool has_payload, std::size_t payload) {
  const std::size_t bytes = sizeof(version) + what.type_url.size() + what.meta.size() + payload;
  auto* v = new (::operator new(bytes)) version;
  v->has_payload_ = has_payload;
  v->revision_ = what.revision;
  v->writer_ = what.writer;
  v->written_ms_ = what.written_ms;
  v->type_url_len_ = what.type_url.size();
  v->meta_len_ = what.meta.size();
  v->payload_len_ = payload;
  v->account_ = account;
  std::copy(what.meta.begin(), what.meta.end(),
            std::copy(what.type_url.begin(), what.type_url.end(), v->data()));
  account->used.fetch_add(bytes, std::memory_order_relaxed);
  return version_ptr(v);
}

version_ptr version::make(const std::shared_ptr<budget>& account, const content& what,
                          const spawn_ss_save* op) {
  const bool has_payload = op != nullptr && op->n_payload > 0;
  version_ptr out =
      allocate(account, what, has_payload, has_payload ? spawn::plugin::payload_size(*op) : 0);
  char* to = out->data() + what.type_url.size() + what.meta.size();
  for (std::uint32_t i = 0; has_payload && i < op->n_payload; ++i) {
    const std::string_view part = text(op->payload[i]);
    to = std::copy(part.begin(), part.end(), to);
  }
  return out;
}

version_ptr version::of_parts(const std::shared_ptr<budget>& account, const content& what,
                              const std::string_view* payload) {
  version_ptr out =
      allocate(account, what, payload != nullptr, payload != nullptr ? payload->size() : 0);
  if (payload != nullptr) {
    std::copy(payload->begin(), payload->end(),
              out->data() + what.type_url.size() + what.meta.size());
  }
  return out;
}

version_ptr version::stub(const std::shared_ptr<budget>& account, const version& of) {
  return make(account, {of.revision(), of.writer(), of.written_ms(), of.type_url(), of.meta()},
              nullptr);
}

spawn_status shard::rewrite(spawn_ss_save& op, entry& e, const std::shared_ptr<budget>& account) {
  const auto same = [&](const version& v) {
    return v.revision() == op.expect_revision && v.writer() == op.expect_writer;
  };
  const auto rewritten = [&](const version& v, bool with_payload) {
    return version::make(account,
                         {v.revision(), v.writer(), v.written_ms(), v.type_url(), text(op.meta)},
                         with_payload ? &op : nullptr);
  };
  if (same(*e.head)) {
    e.head = rewritten(*e.head, !e.deleted);
    return SPAWN_OK;
  }
  for (past& p : e.history) {
    if (same(*p.what)) {
      p.what = rewritten(*p.what, true);
      return SPAWN_OK;
    }
  }
  return SPAWN_E_CONFLICT;
}

void shard::supersede(entry& e, const spawn_ss_save& op, std::int64_t now,
                      const history_rule& defaults) {
  if (e.expired(now)) {
    e.history.clear();
  } else if (e.head && !e.deleted) {
    e.history.push_back({e.head, now});
  }
  prune(e, op, op.new_revision, now, defaults);
}

void shard::prune(entry& e, const spawn_ss_save& op, std::uint64_t newest, std::int64_t now,
                  const history_rule& defaults) {
  const std::uint32_t keep = op.keep_history != 0 ? op.keep_history : defaults.keep;
  const std::uint64_t keep_ms = op.keep_history_ms != 0 ? op.keep_history_ms : defaults.keep_ms;
  std::size_t drop = 0;
  while (drop < e.history.size() && e.history[drop].what->revision() + keep < newest) {
    ++drop;
  }
  while (keep_ms != 0 && drop < e.history.size() &&
         later(e.history[drop].replaced_ms, keep_ms) <= now) {
    ++drop;
  }
  e.history.erase(e.history.begin(), e.history.begin() + static_cast<std::ptrdiff_t>(drop));
}

spawn_status shard::apply(spawn_ss_save& op, std::int64_t now, const history_rule& defaults,
                          const std::shared_ptr<budget>& account, std::vector<undo>* log) {
  const std::string_view key = text(op.key);
  const auto at = keys_.find(key);
  entry* stored = at == keys_.end() ? nullptr : &at->second;
  const auto conflict = [&] {
    op.out_revision = stored != nullptr ? stored->head->revision() : 0;
    op.out_writer = stored != nullptr ? stored->head->writer() : 0;
    return SPAWN_E_CONFLICT;
  };
  const bool as_expected = op.expect_revision == 0
                               ? stored == nullptr
                               : stored != nullptr &&
                                     stored->head->revision() == op.expect_revision &&
                                     stored->head->writer() == op.expect_writer;
  const std::uint16_t code = op.op.code;
  if (code == SPAWN_SS_CHECK) {
    return as_expected ? SPAWN_OK : conflict();
  }
  if (code == SPAWN_SS_PRUNE) {
    if (stored != nullptr && log != nullptr) {
      log->push_back({this, std::string(key), *stored});
    }
    if (stored != nullptr) {
      prune(*stored, op, stored->head->revision(), now, defaults);
    }
    return SPAWN_OK;
  }
  if (code == SPAWN_SS_REWRITE ? stored == nullptr : !as_expected) {
    return conflict();
  }
  if (code == SPAWN_SS_DELETE && stored == nullptr && !spawn::plugin::is_store_import(op)) {
    return conflict();
  }
  const bool purge = code == SPAWN_SS_DELETE && (op.op.flags & SPAWN_SS_F_NO_TOMBSTONE) != 0;
  const bool erase = code == SPAWN_SS_DELETE && (op.op.flags & SPAWN_SS_F_ERASE) != 0;
  const bool is_save = code == SPAWN_SS_SAVE;
  const std::size_t bytes = is_save || code == SPAWN_SS_REWRITE
                                ? spawn::plugin::payload_size(op) + op.meta.len + op.type_url.len
                                : 0;
  if (bytes != 0 && !account->has_room(bytes)) {
    return SPAWN_E_EXHAUSTED;
  }
  if (log != nullptr) {
    log->push_back(
        {this, std::string(key), stored != nullptr ? std::optional<entry>(*stored) : std::nullopt});
  }
  if (code == SPAWN_SS_REWRITE) {
    const spawn_status done = rewrite(op, *stored, account);
    return done == SPAWN_OK ? done : conflict();
  }
  if (purge) {
    keys_.erase(at);
    return SPAWN_OK;
  }
  version::content what{op.new_revision, op.writer, spawn::plugin::written_at(op, now), {}, {}};
  what.type_url = is_save ? text(op.type_url) : std::string_view{};
  what.meta = erase ? std::string_view{} : text(op.meta);
  version_ptr fresh = version::make(account, what, is_save ? &op : nullptr);
  entry& e = stored != nullptr ? *stored : keys_.try_emplace(std::string(key)).first->second;
  if (erase) {
    e.history.clear();
  } else {
    supersede(e, op, now, defaults);
  }
  e.head = std::move(fresh);
  e.deleted = !is_save;
  e.expires_ms = is_save && op.ttl_s != 0 ? later(now, std::uint64_t{op.ttl_s} * 1000) : 0;
  if (e.expires_ms != 0) {
    due_.emplace(e.expires_ms, std::string(key));
  }
  return SPAWN_OK;
}

void shard::restore(undo& u) {
  if (u.before.has_value()) {
    keys_.insert_or_assign(std::move(u.key), std::move(*u.before));
  } else {
    keys_.erase(u.key);
  }
}

bool shard::put(std::string_view key, entry whole) {
  const auto [at, is_new] = keys_.try_emplace(std::string(key), std::move(whole));
  if (is_new && at->second.expires_ms != 0) {
    due_.emplace(at->second.expires_ms, std::string(key));
  }
  return is_new;
}

void shard::sweep(std::int64_t now, const std::shared_ptr<budget>& account) {
  for (int i = 0; i < sweep_max && !due_.empty() && due_.begin()->first <= now; ++i) {
    auto node = due_.extract(due_.begin());
    const auto at = keys_.find(node.mapped());
    if (at == keys_.end() || at->second.expires_ms == 0) {
      continue;  // written or deleted since
    }
    entry& e = at->second;
    const std::int64_t collect_at = later(e.expires_ms, tombstone_ms);
    if (node.key() == e.expires_ms) {
      e.head = version::stub(account, *e.head);
      e.history.clear();
      node.key() = collect_at;
      due_.insert(std::move(node));
    } else if (node.key() == collect_at) {
      keys_.erase(at);
    }
  }
}

}  // namespace memory_store
