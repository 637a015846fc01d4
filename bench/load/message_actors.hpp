// The actors whose answers send messages on: effects, pipes, and what takes them.
//
//   Sender   Send: counts, and sends the effect Take to the Sink of its number (s7 -> t7)
//   Sink     Take: counts; of both, Count: {"count": n}, how often by its state
//   Chain    Begin on p7 pipes to Pass on q7, which pipes to End on r7; each counts
//   tally    Count: {"sent": n, "taken": n}, how often Send and Take ran in this process
//
// All but tally are unnamed and keep 64 bytes of state.
#pragma once

#include "bench.pb.h"
#include "spawn/sdk/host.hpp"

namespace spawn::bench {

// One more, in a state that has 64 bytes from the first call on.
void count_up(::bench::Counter& state);

// {"count": n} of the state.
[[nodiscard]] sdk::json told_count(sdk::context<::bench::Counter>& ctx);

void declare_message_actors(sdk::host& app);

}  // namespace spawn::bench
