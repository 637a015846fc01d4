// reference_store: the rules of statestore.h once more, as plainly as they can be written. The
// contract suite runs random requests through it and through the store under test and compares.
#pragma once
#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "contract/statestore/store_client.hpp"

namespace contract {

class reference_store {
 public:
  std::vector<answer> run(const std::vector<request>& batch, std::int64_t now) {
    std::vector<answer> out(batch.size());
    std::set<std::uint64_t> seen;
    for (std::size_t i = 0; i < batch.size(); ++i) {
      if (batch[i].group == 0) {
        out[i] = one(batch[i], now);
      } else if (seen.insert(batch[i].group).second) {
        run_group(batch, i, now, out);
      }
    }
    return out;
  }

 private:
  struct past {
    stored what;
    std::int64_t replaced_ms;
  };
  struct cell {
    stored head;
    bool deleted = false;
    std::int64_t expires_ms = 0;
    std::vector<past> history;
    [[nodiscard]] bool expired(std::int64_t now) const {
      return expires_ms != 0 && expires_ms <= now;
    }
    [[nodiscard]] bool live(std::int64_t now) const { return !deleted && !expired(now); }
  };

  void run_group(const std::vector<request>& batch, std::size_t first, std::int64_t now,
                 std::vector<answer>& out) {
    std::vector<std::size_t> members;
    for (std::size_t i = first; i < batch.size(); ++i) {
      if (batch[i].group == batch[first].group) {
        members.push_back(i);
      }
    }
    const auto before = cells_;
    for (const std::size_t i : members) {
      out[i] = one(batch[i], now);
      if (out[i].status != SPAWN_OK) {
        cells_ = before;
        for (const std::size_t other : members) {
          if (other != i) {
            out[other] = {};
            out[other].status = SPAWN_E_ABORTED;
          }
        }
        return;
      }
    }
  }

  answer one(const request& r, std::int64_t now) {
    answer a;
    a.status = SPAWN_OK;
    switch (r.code) {
      case SPAWN_SS_LOAD:
        load(r, now, a);
        break;
      case SPAWN_SS_LIST:
        list(r, now, a);
        break;
      case SPAWN_SS_HISTORY:
        history(r, now, a);
        break;
      default:
        write(r, now, a);
        break;
    }
    return a;
  }

  void load(const request& r, std::int64_t now, answer& a) const {
    a.status = SPAWN_E_NOT_FOUND;
    const auto at = cells_.find(r.key);
    if (at == cells_.end()) {
      return;
    }
    const cell& c = at->second;
    if (r.at_revision == 0 || r.at_revision == c.head.revision) {
      a.record = c.head;
      if (c.live(now)) {
        a.status = SPAWN_OK;
      } else {
        a.record.type_url.clear();
        a.record.payload.reset();
      }
      return;
    }
    for (const past& p : c.history) {
      if (!c.expired(now) && p.what.revision == r.at_revision) {
        a.record = p.what;
        a.status = SPAWN_OK;
      }
    }
  }

  // Every row at once: the caller walks the pages of the store under test.
  void list(const request& r, std::int64_t now, answer& a) const {
    for (const auto& [key, c] : cells_) {
      const bool wanted = c.live(now) || (r.flags & SPAWN_SS_F_TOMBSTONES) != 0;
      if (key >= r.key && (r.to.empty() || key < r.to) && wanted) {
        a.rows.push_back(c.head);
        if (!c.live(now)) {
          a.rows.back().tombstone = true;
          a.rows.back().type_url.clear();
          a.rows.back().payload.reset();
        }
        a.rows.back().key = key;
        a.rows.back().expires_ms = c.expires_ms;
      }
    }
    finish(r, a);
  }

  void history(const request& r, std::int64_t now, answer& a) const {
    const auto at = cells_.find(r.key);
    if (at == cells_.end() || at->second.expired(now)) {
      return;
    }
    for (const past& p : at->second.history) {
      a.rows.push_back(p.what);
    }
    if (!at->second.deleted) {
      a.rows.push_back(at->second.head);
    }
    for (stored& row : a.rows) {
      row.key = r.key;
    }
    finish(r, a);
  }

  static void finish(const request& r, answer& a) {
    if (r.reverse) {
      std::reverse(a.rows.begin(), a.rows.end());
    }
    for (stored& row : a.rows) {
      if (!r.with_payload) {
        row.payload.reset();
      }
    }
  }

  void write(const request& r, std::int64_t now, answer& a) {
    const auto at = cells_.find(r.key);
    cell* c = at == cells_.end() ? nullptr : &at->second;
    const auto conflict = [&] {
      a.status = SPAWN_E_CONFLICT;
      a.out_revision = c == nullptr ? 0 : c->head.revision;
      a.out_writer = c == nullptr ? 0 : c->head.writer;
    };
    if (r.code == SPAWN_SS_PRUNE) {
      if (c != nullptr) {
        drop_old(r, c->head.revision, now, *c);
      }
      return;
    }
    if (r.code == SPAWN_SS_REWRITE) {
      if (c == nullptr || !rewrite(r, *c)) {
        conflict();
      }
      return;
    }
    const bool fits = r.expect_revision == 0
                          ? c == nullptr
                          : c != nullptr && c->head.revision == r.expect_revision &&
                                c->head.writer == r.expect_writer;
    const bool imported = (r.flags & SPAWN_SS_F_IMPORT) != 0;
    if (!fits || (r.code == SPAWN_SS_DELETE && c == nullptr && !imported)) {
      return conflict();
    }
    if (r.code == SPAWN_SS_CHECK) {
      return;
    }
    if (r.code == SPAWN_SS_DELETE && (r.flags & SPAWN_SS_F_NO_TOMBSTONE) != 0) {
      cells_.erase(at);
      return;
    }
    put(r, now, c == nullptr ? cells_[r.key] : *c);
  }

  static bool rewrite(const request& r, cell& c) {
    const auto fits = [&](const stored& s) {
      return s.revision == r.expect_revision && s.writer == r.expect_writer;
    };
    if (fits(c.head)) {
      c.head.meta = r.meta;
      c.head.payload = c.deleted ? std::nullopt : joined(r);
      return true;
    }
    for (past& p : c.history) {
      if (fits(p.what)) {
        p.what.meta = r.meta;
        p.what.payload = joined(r);
        return true;
      }
    }
    return false;
  }

  static void put(const request& r, std::int64_t now, cell& c) {
    const bool is_save = r.code == SPAWN_SS_SAVE;
    const bool erase = !is_save && (r.flags & SPAWN_SS_F_ERASE) != 0;
    if (c.expired(now) || erase) {
      c.history.clear();
    }
    if (c.head.revision != 0 && c.live(now) && !erase) {
      c.history.push_back({c.head, now});
    }
    drop_old(r, r.new_revision, now, c);
    c.head.revision = r.new_revision;
    c.head.writer = r.writer;
    c.head.written_ms = (r.flags & SPAWN_SS_F_IMPORT) != 0 ? r.written_ms : now;
    c.head.type_url = is_save ? r.type_url : std::string();
    c.head.meta = erase ? std::string() : r.meta;
    c.head.payload = is_save ? joined(r) : std::nullopt;
    c.deleted = !is_save;
    c.expires_ms = is_save && r.ttl_s != 0 ? now + std::int64_t{r.ttl_s} * 1000 : 0;
  }

  static void drop_old(const request& r, std::uint64_t newest, std::int64_t now, cell& c) {
    std::erase_if(c.history,
                  [&](const past& p) { return p.what.revision + r.keep_history < newest; });
    std::erase_if(c.history, [&](const past& p) {
      return r.keep_history_ms != 0 &&
             p.replaced_ms + static_cast<std::int64_t>(r.keep_history_ms) <= now;
    });
  }

  static std::optional<std::string> joined(const request& r) {
    if (!r.payload.has_value() || r.payload->empty()) {
      return std::nullopt;
    }
    std::string out;
    for (const std::string& part : *r.payload) {
      out += part;
    }
    return out;
  }

  std::map<std::string, cell> cells_;
};

}  // namespace contract
