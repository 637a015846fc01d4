// What an isolated instance may have, and how long the kernel waits for it.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace spawn {

// `isolation_limits` of the configuration.
struct isolation_limits {
  std::uint64_t memory_mb = 2'048;  // address space of the process
  std::uint64_t open_files = 1'024;
  std::uint64_t watchdog_ms = 5'000;   // without an answer before it is killed
  std::uint64_t restart_min_ms = 100;  // before the first new process; doubled each time
  std::uint64_t restart_max_ms = 10'000;
  std::optional<bool> network;           // default: by kind, all but workflows
  std::vector<std::string> read_paths;   // besides the system's libraries
  std::vector<std::string> write_paths;  // besides the folder of config.path
};

}  // namespace spawn
