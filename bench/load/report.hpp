// The one JSON line of a run.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "load_worker.hpp"

namespace spawn::bench {

struct run_facts {
  std::string mode;
  unsigned connections = 0;
  unsigned threads = 0;
  double seconds = 0;
  double cpu_client_s = 0;
  std::vector<std::pair<int, double>> cpu_of_pids;  // pid, CPU seconds in the measured time
};

[[nodiscard]] std::string to_json(const run_facts& facts, const load_counts& counts);

}  // namespace spawn::bench
