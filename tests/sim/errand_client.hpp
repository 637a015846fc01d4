// Makes errands, and the calls of clients to the virtual actors that run them.
#pragma once
#include "sim/checker.hpp"

namespace sim {

class sim_kernel;

// One call, of any kind, comes in at one of the kernel's lanes. All requests that an errand may
// make are known to the checker by then.
void send_errand_call(world& in, checker& judge, sim_kernel& to);

}  // namespace sim
