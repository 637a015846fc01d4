// What the configuration declares: what belongs together, when a batch is full, who gets it. Made
// at create, constant from then on.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "flow-common/target.hpp"

namespace spawn::plugin::aggregator {

inline constexpr std::size_t aggregates_max = 256;
inline constexpr std::uint64_t count_max = 10'000;
inline constexpr std::size_t key_bytes_max = 256;
inline constexpr std::size_t item_bytes_max = 64 * 1024;
inline constexpr std::size_t batch_bytes_max = 128 * 1024;

struct definition {
  std::string name;
  std::optional<flows::json_template> key;  // over {input}; without it there is one batch
  std::uint64_t count = 0, bytes = 0;
  std::uint64_t timeout_ms = 0, idle_ms = 0;
  flows::target to;
  bool has_payload = false;  // else the target gets what batch_content() makes
};

// The sources of the target's templates.
[[nodiscard]] flows::source_values batch_values(std::string_view name, std::string_view id,
                                                std::string_view key, const std::string& batch);
void add_items(flows::source_values& values, flows::json items);

// Sorted by name. Throws refused, naming the path.
[[nodiscard]] std::vector<definition> read_aggregates(const flows::config_reader& config);

}  // namespace spawn::plugin::aggregator
