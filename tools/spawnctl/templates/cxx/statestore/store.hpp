// store: records in a map, under one lock. A group is staged beside the map and taken over as a
// whole, so that a group that loses, or runs out of memory, leaves nothing behind. [any] lane may
// call run() at the same time; it never waits for more than another lane's batch.
#pragma once
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "spawn/plugin/cpp/statestore.hpp"

struct record {
  std::uint64_t revision = 0;
  std::uint64_t writer = 0;
  std::int64_t written_ms = 0;
  std::string type_url, meta;
  std::optional<std::string> payload;
  bool tombstone = false;
  bool gone = false;  // only while staged: the key goes as a whole
};

class store {
 public:
  store(spawn::plugin::host_ref host, std::uint64_t max_records) noexcept
      : host_(host), max_records_(max_records) {}

  // Sets the outcome of every op, in the order of the batch.
  void run(std::span<spawn_op* const> ops);

 private:
  using table = std::map<std::string, record, std::less<>>;
  struct stage {
    table written;
    std::uint64_t new_keys = 0;
  };

  void write_unit(std::span<spawn_op* const> unit);
  spawn_status write(spawn_ss_save& op, stage& to) const;
  void take_over(table& written) noexcept;
  [[nodiscard]] const record* find(std::string_view key, const stage& staged) const;
  void load(spawn_ss_load& op) const;
  void list(spawn_ss_list& op) const;

  spawn::plugin::host_ref host_;
  std::uint64_t max_records_;
  std::mutex mutex_;
  table records_;
};
