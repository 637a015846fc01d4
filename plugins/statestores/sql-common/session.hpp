// session: one connection to a database server, as the engine needs it. Each dialect writes one.
// Thread: one at a time, its worker's; every call may block until its deadline.
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "spawn/plugin/statestore.h"
#include "sql-common/errand.hpp"
#include "sql-common/reader.hpp"

namespace sql_store {

enum class trouble : std::uint8_t {
  retry,      // rolled back: deadlock, serialisation failure, two kernels made one key. Try again
  lost,       // the connection is gone, or nothing came in time
  refused,    // the server said no, and would again: rolled back
  too_large,  // the server takes no statement of that size: rolled back
  corrupt,    // the server can not read its own data
};

// What broke a transaction or a read. in_commit: the COMMIT was under way, so that only the
// database knows. loser: of too_large, the op whose record it is, where that is known.
class sql_error : public std::runtime_error {
 public:
  sql_error(trouble kind, const std::string& why, bool in_commit = false,
            const spawn_op* loser = nullptr)
      : std::runtime_error(why), kind_(kind), in_commit_(in_commit), loser_(loser) {}
  [[nodiscard]] trouble kind() const noexcept { return kind_; }
  [[nodiscard]] bool in_commit() const noexcept { return in_commit_; }
  [[nodiscard]] const spawn_op* loser() const noexcept { return loser_; }

 private:
  trouble kind_;
  bool in_commit_;
  const spawn_op* loser_;
};

// A record without its content, as it is while the transaction holds its lock.
struct head {
  bool exists = false;
  std::uint64_t revision = 0;
  std::uint64_t writer = 0;
  bool deleted = false;
  std::int64_t expires_at = 0;  // unix ms; 0: never
};

class write_plan;

// What it fetches (row_source) is for reader.hpp to judge.
class session : public row_source {
 public:
  [[nodiscard]] virtual bool is_connected() const noexcept = 0;
  // Connects and brings the schema up or checks it. Throws sql_error.
  virtual void connect() = 0;
  virtual void disconnect() noexcept = 0;
  // Nothing below waits for the server past this moment (host clock).
  virtual void set_deadline(std::uint64_t ns) noexcept = 0;

  // Begins a transaction and locks the keys, which are sorted and differ; heads[i] is of keys[i].
  virtual void begin(std::span<const std::string_view> keys, std::vector<head>& heads) = 0;
  // Inside the transaction: when the superseded revision of that name was superseded; nothing when
  // there is none.
  [[nodiscard]] virtual std::optional<std::int64_t> past_of(const spawn_ss_save& op) = 0;
  // Carries out and commits. Throws sql_error{retry} when a key that was absent is there now.
  virtual void commit(const write_plan& plan) = 0;
  virtual void rollback() noexcept = 0;
  // A transaction of its own, in which nothing is read first: saves those of the ops that find what
  // they expect, sets won[i] for ops[i], and commits. The keys are sorted and differ. Throws as
  // commit() does, with in_commit from the first byte sent on. False: nothing was done, such a
  // batch is better served by begin() and commit().
  [[nodiscard]] virtual bool save_plain(std::span<spawn_ss_save* const> /*ops*/,
                                        std::int64_t /*now*/, std::vector<bool>& /*won*/) {
    return false;
  }

  [[nodiscard]] virtual bool has_history() = 0;
  // Turns expired records into tombstones and collects old ones, some at a time.
  virtual void sweep(std::int64_t expired_before, std::int64_t collect_before) = 0;
  [[nodiscard]] virtual store_counts counts() = 0;
};

}  // namespace sql_store
