// shard: a part of the keys with one lock, and the rules of a single write. Callers hold the lock
// of every shard they touch; nothing here blocks, allocates a thread or reads a clock.
#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "version.hpp"

namespace memory_store {

struct past {
  version_ptr what;
  std::int64_t replaced_ms;
};

// What is known of a key. Either live, or a tombstone (deleted, or past its time): then `head`
// keeps revision, writer and meta for the next save's expectation.
struct entry {
  version_ptr head;
  bool deleted = false;
  std::int64_t expires_ms = 0;  // 0: never
  std::vector<past> history;    // ascending by revision

  [[nodiscard]] bool expired(std::int64_t now) const noexcept {
    return expires_ms != 0 && expires_ms <= now;
  }
  [[nodiscard]] bool live(std::int64_t now) const noexcept { return !deleted && !expired(now); }
};

struct history_rule {
  std::uint32_t keep = 0;
  std::uint64_t keep_ms = 0;  // 0: no bound by age
};

class shard {
 public:
  using table = std::map<std::string, entry, std::less<>>;

  // What a group has to put back when one of its ops loses.
  struct undo {
    shard* where;
    std::string key;
    std::optional<entry> before;
  };

  std::mutex mutex;

  [[nodiscard]] const table& keys() const noexcept { return keys_; }
  [[nodiscard]] const entry* find(std::string_view key) const noexcept {
    const auto at = keys_.find(key);
    return at == keys_.end() ? nullptr : &at->second;
  }

  // Applies one write or says why not; fills out_revision and out_writer on CONFLICT. `log` is
  // nullptr for a write that stands alone.
  spawn_status apply(spawn_ss_save& op, std::int64_t now, const history_rule& defaults,
                     const std::shared_ptr<budget>& account, std::vector<undo>* log);
  void restore(undo& u);
  // As it was in another store. False: the key is there.
  bool put(std::string_view key, entry whole);

  // Frees what ran out of time, a few at a call.
  void sweep(std::int64_t now, const std::shared_ptr<budget>& account);

 private:
  spawn_status rewrite(spawn_ss_save& op, entry& e, const std::shared_ptr<budget>& account);
  void supersede(entry& e, const spawn_ss_save& op, std::int64_t now, const history_rule& defaults);
  static void prune(entry& e, const spawn_ss_save& op, std::uint64_t newest, std::int64_t now,
                    const history_rule& defaults);

  table keys_;
  std::multimap<std::int64_t, std::string> due_;  // expiry or collection time -> key
};

}  // namespace memory_store
