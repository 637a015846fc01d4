// store: the memory statestore. Keys are spread over shards with one lock each; a group locks the
// shards it touches in ascending order, a page locks all of them for the time it takes to find its
// rows. Life: one per instance. [any] lane may submit at the same time; a lane never waits for more
// than another lane's batch step.
#pragma once
#include <array>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "handoff.hpp"
#include "shard.hpp"
#include "spawn/plugin/cpp/handoff.hpp"
#include "spawn/plugin/cpp/units.hpp"

namespace memory_store {

struct settings {
  std::uint64_t max_bytes = std::uint64_t{1} << 30;
  history_rule history;
};

class store {
 public:
  store(spawn::plugin::host_ref host, const settings& s);

  // Sets the outcome of every op; in the order of the batch. [any]
  void run(std::span<spawn_op* const> ops);

  // spawn.handoff/1. [control], without operations
  void begin_export();
  void export_next(spawn::plugin::pending<spawn_handoff_op> op);
  void import_next(spawn::plugin::pending<spawn_handoff_op> op);

 private:
  static constexpr std::size_t shard_count = 16;

  [[nodiscard]] std::vector<shard*> all_shards();
  [[nodiscard]] std::size_t index_of(std::string_view key) const noexcept;
  void write(spawn_ss_save& op, std::int64_t now);
  void run_one(spawn_op* op, std::int64_t now);
  void write_group(std::span<spawn_op* const> group, std::int64_t now);
  // All locks are held. The op that lost, after everything was put back; nullptr: all applied.
  spawn_op* apply_all(std::span<spawn_op* const> group, std::int64_t now);
  void load(spawn_ss_load& op, std::int64_t now);
  void list(spawn_ss_list& op, std::int64_t now);
  void history(spawn_ss_list& op, std::int64_t now);

  spawn::plugin::host_ref host_;
  history_rule defaults_;
  std::shared_ptr<budget> account_;
  std::array<shard, shard_count> shards_;
  exporter export_;  // [control]
  importer import_;  // [control]
};

}  // namespace memory_store
