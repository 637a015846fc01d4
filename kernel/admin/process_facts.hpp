// What the operating system says of this process.
#pragma once
#include <cstdint>

namespace spawn {

// Zero where the system does not tell. [any]; a few system calls.
struct process_facts {
  std::uint64_t resident_bytes = 0;
  std::uint64_t open_fds = 0;
  double cpu_seconds = 0;

  [[nodiscard]] static process_facts now();
};

}  // namespace spawn
