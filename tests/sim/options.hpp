// What one run is made of. Everything a seed decides is drawn from it in world.cpp.
#pragma once
#include <cstdint>

#include "cell/protocol_switches.hpp"

namespace sim {

struct options {
  std::uint64_t seed = 1;
  std::uint64_t events = 5'000;  // the workload stops after these; crashes_min still holds
  std::uint32_t crashes_min = 3;
  bool print_trace = false;
  // Planted bugs (D44). In the kernel:
  spawn::protocol_switches rules;
  // In the store: rule 1 (CAS looks at the revision only), and no CAS at all.
  bool cas_on_writer = true;
  bool cas = true;
};

// What the seed makes of the run.
struct plan {
  std::uint32_t kernels = 1;
  std::uint32_t lanes = 1;
  std::uint32_t actors = 60;
  std::uint64_t think_us = 500;       // mean time between requests
  std::uint32_t fault_per_mille = 0;  // of store operations
  std::uint32_t host_fault_per_mille = 0;
  std::uint64_t store_ms = 3;       // mean answer time of the store
  std::uint64_t doubt_ms = 60'000;  // how long a doubtful save is repeated
  std::uint64_t late_ms = 8'000;    // how late a lost save may land
  std::uint64_t deactivate_ms = 1'000;
  std::uint32_t mailbox_max = 1'000;
  std::uint32_t save_turns_max = 256;
  std::uint64_t cells_max = 1'000;
  bool outages = false;
  bool orders = false;     // somebody has actors restored and deleted, in their turns
  bool hunts = false;      // kernels tend to die when a flow has just been stored
  bool operators = false;  // somebody restores records from a backup, or removes them
};

}  // namespace sim
