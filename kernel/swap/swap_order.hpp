// What is asked of a hot swap, and what came of it.
#pragma once
#include <cstdint>
#include <string>

namespace spawn {

struct swap_order {
  std::string kind;      // "statestore"; empty: any that has the instance
  std::string instance;  // as in the configuration
  // "1.2.0" or "^1.2" for another version, "sqlite@^1.2" with the plugin's name, which has to be
  // that of now, or the absolute path of a plugin file.
  std::string to;
  std::uint64_t drain_ms = 5'000;       // for what is under way in the old one
  std::uint64_t probation_ms = 60'000;  // then the new one is trusted; 0: at once
};

struct swap_report {
  std::string from, to;  // "statestore/sqlite@1.0.0"
  // From the moment that operations waited to the one that they went on; 0: none had to.
  std::uint64_t pause_us = 0;
  std::uint64_t waited = 0;       // batches of operations
  std::uint64_t wait_p99_us = 0;  // of those
  // Versions of a workflow that stay for flows whose scratch the new one does not read.
  std::uint64_t older_kept = 0;
};

}  // namespace spawn
