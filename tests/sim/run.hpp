// One run: a world under a seed, from start to an empty kernel.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "sim/checker.hpp"
#include "sim/options.hpp"

namespace sim {

struct report {
  std::vector<std::string> failures;  // empty: every invariant held
  std::uint64_t hash = 0;             // of the whole trace
  std::uint64_t events = 0;
  std::uint64_t requests = 0;
  std::uint32_t crashes = 0;
  std::uint32_t actors = 0;
  double simulated_s = 0;
  checker::totals answers;
  errand_ledger::totals errands;

  [[nodiscard]] bool good() const noexcept { return failures.empty(); }
};

// With `explain`, a failed run prints its seed, the failures and its last events.
[[nodiscard]] report run(const options& with, bool explain);

}  // namespace sim
