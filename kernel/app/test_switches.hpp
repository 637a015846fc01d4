// Rules of the protocol that a test switches off, to show that its checker would notice.
#pragma once
#include "cell/protocol_switches.hpp"

namespace spawn {

// SPAWN_TEST_BREAK_RULES, a comma list of outbox, dedup and fifo, in builds with SPAWN_DCHECKS. In
// any other build all rules are in force. Logs a warning when one is not. [control]
[[nodiscard]] protocol_switches test_switches();

}  // namespace spawn
