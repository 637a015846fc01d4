// engine: runs a batch of store operations as one transaction. Ops whose expectation fails end
// CONFLICT and leave the rest alone (conditional statements; a savepoint around a group). When the
// transaction itself fails, every op that took part is told the truth: UNAVAILABLE when it is
// rolled back for sure, UNKNOWN_OUTCOME for writes whose COMMIT went wrong.
//
// Life: made by the instance, open() in start. Thread: open and close on [control], run on the
// store's one thread, never both at a time.
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "database.hpp"
#include "lock_file.hpp"
#include "spawn/plugin/cpp/units.hpp"

namespace sqlite_store {

class engine {
 public:
  engine(spawn::plugin::host_ref host, settings s) : host_(host), settings_(std::move(s)) {}

  // "" or why the store can not be used: somebody has it, it is newer, it can not be read.
  [[nodiscard]] std::string open();
  void close() noexcept;
  // Sets the outcome of every op. Blocks for the disk.
  void run(std::span<spawn_op* const> ops);

 private:
  // reads.cpp and writes.cpp: SQLITE_OK when the op's outcome is set, or what broke the
  // transaction.
  [[nodiscard]] int load(spawn_ss_load& op, std::int64_t now);
  [[nodiscard]] int list(spawn_ss_list& op, std::int64_t now);
  [[nodiscard]] int history(spawn_ss_list& op, std::int64_t now);
  [[nodiscard]] int write(spawn_ss_save& op, std::int64_t now);
  [[nodiscard]] int insert(spawn_ss_save& op, std::int64_t now);
  [[nodiscard]] int replace(spawn_ss_save& op, std::int64_t now);
  [[nodiscard]] int purge(spawn_ss_save& op);
  [[nodiscard]] int check(spawn_ss_save& op);
  [[nodiscard]] int rewrite(spawn_ss_save& op);
  [[nodiscard]] int conflict(spawn_ss_save& op);
  [[nodiscard]] int drop_history(std::string_view key);
  [[nodiscard]] int prune(spawn_ss_save& op, std::int64_t now);
  int prune_history(const spawn_ss_save& op, std::uint64_t newest, std::int64_t now);
  [[nodiscard]] int sweep(std::int64_t now);
  // The payload in one piece; valid until the next call.
  [[nodiscard]] std::string_view payload_of(const spawn_ss_save& op);
  void bind_payload(statement& s, int at, const spawn_ss_save& op);

  [[nodiscard]] std::optional<failure> open_database();
  // Ends a group that loses: with a savepoint around each at once, without one by telling that the
  // transaction has to begin again, with savepoints.
  enum class undo { by_savepoint, by_rollback };
  enum class unit_end { kept, must_begin_again };
  [[nodiscard]] int run_all(const spawn::plugin::unit_list& units, std::size_t first,
                            std::size_t count, std::int64_t now);
  [[nodiscard]] int run_unit(std::span<spawn_op* const> unit, std::int64_t now, undo by,
                             unit_end& ended);
  [[nodiscard]] int run_one(spawn_op* op, std::int64_t now);
  // The primary code of what broke the transaction, SQLITE_OK when it is committed.
  int run_units(const spawn::plugin::unit_list& units, std::size_t first, std::size_t count,
                std::int64_t now);
  void fail(std::span<spawn_op* const> ops, const failure& why, bool commit_in_doubt);
  void report(bool serving, const std::string& why);

  spawn::plugin::host_ref host_;
  settings settings_;
  lock_file lock_;
  database db_;
  std::string joined_;        // scratch of payload_of
  bool serving_ = true;       // as last reported
  bool has_history_ = false;  // false: no row in history, so no statement on it is needed
  bool has_ttl_ = false;      // false: no record ever expires
  std::int64_t next_sweep_ms_ = 0;
};

}  // namespace sqlite_store
