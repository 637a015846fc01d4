// Rounds in which the paths take turns, and what they come to.
#pragma once
#include <memory>
#include <string_view>
#include <vector>

#include "workload.hpp"

namespace spawn::bench {

// One of those that take turns: its lanes, each driven by a thread of its own when there are more
// than one, and the same draws as every other contender's.
struct contender {
  std::string_view name;
  std::vector<std::unique_ptr<store_path>> lanes;
  std::vector<sequence> draws;  // of each lane
};

enum class work : std::uint8_t { save, load };

struct figures {
  std::string_view name;
  double rows_s = 0;  // median of the rounds
  double p50_us = 0;  // of one group, over all rounds
  double p99_us = 0;
  double ratio = 0;       // of the last contender's rows/s: median of the rounds' ratios
  double ratio_low = 0;   // the rounds' lowest
  double ratio_high = 0;  // and highest
};

// All contenders do the same groups in each round, `seconds` in all for each of them, as near as
// the first round tells.
[[nodiscard]] std::vector<figures> measure(std::vector<contender>& all, work what, std::size_t rows,
                                           double seconds);

}  // namespace spawn::bench
