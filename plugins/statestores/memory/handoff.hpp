// handoff: everything of a store, in chunks, for the store that takes its place. [control]
#pragma once
#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "shard.hpp"

namespace memory_store {

// Exports. The store has no operations meanwhile; nothing of it changes.
class exporter {
 public:
  // A chunk ends with the row that takes it past this.
  static constexpr std::size_t chunk_bytes = 1u << 20;

  explicit exporter(std::vector<shard*> from) : from_(std::move(from)) {}
  // False: that was the last.
  [[nodiscard]] bool next(std::string& chunk);

 private:
  void put(std::string& chunk, std::string_view key, const entry& of);

  std::vector<shard*> from_;
  std::size_t shard_ = 0;
  std::string key_;         // the last that was begun
  std::size_t past_ = 0;    // versions of it that are out
  bool is_inside_ = false;  // its newest is not out yet
};

// Imports into shards that have no keys. An error is the end: the store is thrown away.
class importer {
 public:
  importer(std::vector<shard*> to, std::shared_ptr<budget> account)
      : to_(std::move(to)), account_(std::move(account)) {}
  // OK, CORRUPT or EXHAUSTED.
  [[nodiscard]] spawn_status take(std::string_view chunk, bool is_last);

 private:
  std::vector<shard*> to_;
  std::shared_ptr<budget> account_;
  std::string key_;            // of `history_`
  std::vector<past> history_;  // of a key whose newest has not come yet
};

[[nodiscard]] std::size_t shard_of(std::string_view key, std::size_t shards) noexcept;

}  // namespace memory_store
