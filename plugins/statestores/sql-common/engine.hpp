// engine: runs batches of store operations over one connection. Every op is told the truth:
// UNAVAILABLE when what it asked for is rolled back for sure, UNKNOWN_OUTCOME when the connection
// went while the COMMIT was under way. Reconnects by itself.
//
// Life: made by the instance. Thread: its worker's, one at a time.
#pragma once
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <span>
#include <string>

#include "sql-common/segments.hpp"
#include "sql-common/session.hpp"
#include "sql-common/write_plan.hpp"

namespace sql_store {

struct engine_settings {
  history_rule history;
  std::uint64_t max_record_bytes = 64u << 20;
  std::uint64_t statement_ms = 10'000;  // for one transaction or page
  std::uint64_t admin_ms = 60'000;      // for counting rows or making tables
  bool sweeps = true;                   // this engine turns expired records into tombstones
};

// What the connections of one instance say together: it serves while each of them does. [any]
class health_board {
 public:
  explicit health_board(spawn::plugin::host_ref host) : host_(host) {}
  // A connection broke, or works again; each says so in turns.
  void broken(const std::string& why);
  void mended();
  // One of the connections has found or made history: then all look for it.
  void note_history() noexcept { has_history_.store(true, std::memory_order_relaxed); }
  [[nodiscard]] bool has_history() const noexcept {
    return has_history_.load(std::memory_order_relaxed);
  }

 private:
  spawn::plugin::host_ref host_;
  std::mutex mutex_;
  std::size_t broken_ = 0;
  std::atomic<bool> has_history_{false};
};

class engine {
 public:
  // The board must outlive the engine.
  engine(spawn::plugin::host_ref host, const engine_settings& settings, health_board& health,
         std::unique_ptr<session> connection);

  // None, or why there is no connection by `limit_ns`.
  [[nodiscard]] std::optional<sql_error> connect(std::uint64_t limit_ns);
  void disconnect() noexcept { connection_->disconnect(); }
  // Sets the outcome of every op. Blocks.
  void run(std::span<spawn_op* const> ops);
  // Between batches: reconnects what is lost, turns expired records into tombstones. Blocks.
  void idle();

 private:
  struct failure {
    spawn_status status;
    std::string text;
    bool in_commit = false;
    const spawn_op* loser = nullptr;  // whose fault it is, where that is known
  };
  using work = std::function<void()>;

  // Does it until it succeeds, is refused, or time is up. True when done.
  bool attempt(std::uint64_t deadline_ns, const work& what, failure& why);
  void run_reads(const segment::reads& reads);
  void run_read(std::span<spawn_op* const> ops, const work& what);
  using unit = std::span<spawn_op* const>;
  void run_writes(std::span<const unit> units);
  // Without a look first, where that is enough. What is left has no outcome yet and no effect.
  [[nodiscard]] std::vector<unit> save_plain(std::span<const unit> units);
  bool try_writes(std::span<const unit> units, failure& why);
  void ensure_connected();
  void look_for_history();
  void report(bool serving, const std::string& why);
  [[nodiscard]] std::uint64_t deadline_of(std::span<const spawn_op* const> ops) const;

  spawn::plugin::host_ref host_;
  const engine_settings settings_;
  health_board& health_;
  const std::unique_ptr<session> connection_;
  bool serving_ = true;  // as last reported
  std::uint64_t next_connect_ns_ = 0;
  std::uint64_t backoff_ms_ = 0;
  std::uint64_t plain_again_ns_ = 0;  // no plain saves before
  std::string last_trouble_;
  std::int64_t next_sweep_ms_ = 0;
  std::minstd_rand jitter_;
};

}  // namespace sql_store
