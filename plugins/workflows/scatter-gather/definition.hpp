// What the configuration declares: whom a scatter asks, when it has enough, who gets the result.
// Made at create, constant from then on.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "flow-common/target.hpp"

namespace spawn::plugin::scatter {

inline constexpr std::size_t scatters_max = 256;
inline constexpr std::size_t targets_max = 128;  // of one scatter, `each` unfolded

struct target_definition {
  std::string name;
  std::optional<flows::json_template> each;  // a list; one call for each {item}
  flows::target to;
};

struct quorum_rule {
  enum class kind : std::uint8_t { all, count, percent, first } what = kind::all;
  std::uint64_t number = 0;

  // How many successes are enough among so many targets.
  [[nodiscard]] std::uint64_t of(std::size_t targets) const;
};

struct definition {
  std::string name;
  std::vector<target_definition> targets;
  quorum_rule quorum;
  std::uint64_t timeout_ms = 0, keep_ms = 0;
  std::optional<flows::target> then;  // gets the result as payload
};

// Sorted by name. Throws refused, naming the path.
[[nodiscard]] std::vector<definition> read_scatters(const flows::config_reader& config);

}  // namespace spawn::plugin::scatter
