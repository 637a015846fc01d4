// The state of one aggregate: what its scratch holds.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "flow-common/scratch_codec.hpp"

namespace spawn::plugin::aggregator {

inline constexpr std::uint32_t scratch_schema = 1;
inline constexpr std::size_t batches_max = 64;                // keys open at the same time
inline constexpr std::size_t pending_bytes_max = 192 * 1024;  // of all items together

struct batch {
  std::string key;
  std::uint64_t number = 0;
  std::int64_t since = 0;  // its first message
  std::uint64_t timer = 0;
  std::string items;  // JSON texts with commas between them: a list without its brackets
  std::uint64_t count = 0;
};

struct aggregate_state {
  std::string name, id;
  std::uint64_t last_token = 0;
  std::uint64_t last_batch = 0;
  std::uint64_t idle_timer = 0;
  std::uint64_t sent_batches = 0, sent_items = 0;
  std::vector<batch> batches;  // by their first message

  [[nodiscard]] std::size_t pending_bytes() const;
};

[[nodiscard]] std::string encode(const aggregate_state& state);
[[nodiscard]] std::optional<aggregate_state> decode(spawn_slice scratch);
[[nodiscard]] flows::json status_of(const aggregate_state& state);

// "orders/eu/1700000000000001": never used again.
[[nodiscard]] std::string batch_id(const aggregate_state& state, const batch& b);

}  // namespace spawn::plugin::aggregator
