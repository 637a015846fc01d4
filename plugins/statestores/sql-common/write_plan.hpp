// write_plan: decides what a segment's writes come to while their keys are locked: which units win,
// and what the tables look like afterwards. The rules are statestore.h's; no database is asked, so
// they are the same for every dialect.
#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "spawn/plugin/cpp/statestore.hpp"
#include "sql-common/session.hpp"

namespace sql_store {

// How long superseded revisions stay when a save does not say.
struct history_rule {
  std::uint32_t keep = 0;
  std::uint64_t keep_ms = 0;
};

// The keys of these units, sorted, each once. Borrowed from the ops.
[[nodiscard]] std::vector<std::string_view> keys_of(
    std::span<const std::span<spawn_op* const>> units);

// Life: made between begin() and commit() of a session, whose locks it relies on; borrows the ops.
class write_plan {
 public:
  // A new content of a key. `from` is its SAVE or DELETE; a tombstone has no type and no payload.
  // `body` has payload and meta: the same op, or the REWRITE that came after it.
  struct row {
    std::string_view key;
    const spawn_ss_save* from = nullptr;
    const spawn_ss_save* body = nullptr;
    std::int64_t expires_at = 0;  // 0: never

    [[nodiscard]] bool is_save() const noexcept { return from->op.code == SPAWN_SS_SAVE; }
    [[nodiscard]] std::string_view meta() const noexcept;
    [[nodiscard]] std::int64_t written_at(std::int64_t now) const noexcept {
      return spawn::plugin::written_at(*from, now);
    }
  };
  // History below `below` goes, and what was superseded until `replaced_until`.
  struct prune {
    std::string_view key;
    std::uint64_t below = 0;
    std::int64_t replaced_until = 0;  // 0: no bound by age
  };
  // When the superseded revision that a REWRITE names was superseded; nothing: there is none.
  using past_fn = std::function<std::optional<std::int64_t>(const spawn_ss_save&)>;

  write_plan(std::span<const std::string_view> keys, std::span<const head> heads, std::int64_t now,
             history_rule defaults, bool has_history, past_fn past_of);

  // Decides one unit, after all before it.
  void add(std::span<spawn_op* const> unit);
  // No unit after this; fills the lists below.
  void finish();
  [[nodiscard]] bool changes_data() const noexcept { return changes_data_; }
  // Sets the outcome of every op that was added, as if the transaction had been committed.
  void tell() const;
  // What would have been OK is UNKNOWN_OUTCOME: only the database knows.
  void tell_unknown(std::string_view why) const;
  // A row went or goes into history.
  [[nodiscard]] bool keeps_history() const noexcept { return !keep_head.empty() || !past.empty(); }
  [[nodiscard]] std::int64_t now() const noexcept { return now_; }

  // To be done in this order.
  std::vector<const spawn_ss_save*> rewrites;       // of the stored head: payload and meta only
  std::vector<std::string_view> clear_history;      // of these keys, all of it
  std::vector<std::string_view> keep_head;          // copy the stored head into history
  std::vector<row> past;                            // written and superseded within the segment
  std::vector<row> inserts;                         // keys that were absent
  std::vector<row> updates;                         // keys that were there
  std::vector<const spawn_ss_save*> past_rewrites;  // the same of a superseded revision
  std::vector<std::string_view> purges;             // leave nothing
  std::vector<prune> prunes;

  // Keys that the outcome rests on and that nothing above changes: checked within a group, or only
  // pruned. They are at the commit as they were at begin(): those that are stored by begin()'s lock
  // or by a look of the session's own; those that are not by making them and taking them away, so
  // that whoever makes them meanwhile waits.
  std::vector<std::string_view> guards;         // stored
  std::vector<std::string_view> absent_guards;  // not stored

 private:
  struct key_state {
    std::string_view key;
    head stored;                             // in the database
    head now;                                // after the units so far
    const spawn_ss_save* content = nullptr;  // of `now`, when not the stored one
    const spawn_ss_save* body = nullptr;     // its payload and meta
    const spawn_ss_save* rewritten = nullptr;
    std::vector<const spawn_ss_save*> past_rewritten;
    bool copy_stored = false;
    bool drop_history = false;
    bool purged = false;
    bool erased = false;  // somebody asked for it: the history is looked for whatever is known
    bool pruned = false;
    bool grouped = false;  // an op on it stands or falls with ops on other keys
    std::vector<row> past;
    std::uint64_t prune_below = 0;
    std::int64_t replaced_until = 0;
  };
  struct outcome {
    spawn_ss_save* op;
    spawn_status status;
    const char* why;
    std::uint64_t revision, writer;  // of a conflict
  };

  key_state& state_of(const spawn_ss_save& op);
  spawn_status apply(spawn_ss_save& op);
  bool rewrite_past(key_state& k, const spawn_ss_save& op);
  void supersede(key_state& k, const spawn_ss_save& op);
  void prune_to(key_state& k, const spawn_ss_save& op, std::uint64_t newest);
  [[nodiscard]] std::uint32_t kept_by(const spawn_ss_save& op) const noexcept {
    return op.keep_history != 0 ? op.keep_history : defaults_.keep;
  }
  [[nodiscard]] bool is_expired(const head& h) const noexcept {
    return h.expires_at != 0 && h.expires_at <= now_;
  }

  const std::int64_t now_;
  const history_rule defaults_;
  bool has_history_;
  bool changes_data_ = false;
  const past_fn past_of_;
  std::vector<key_state> states_;
  std::unordered_map<std::string_view, std::size_t> index_;
  std::vector<outcome> outcomes_;
};

}  // namespace sql_store
