// A unit of work for a lane: an intrusive node with one function. Posting one never allocates.
#pragma once
#include "base/mpsc.hpp"

namespace spawn {

// Owned by whoever posts it; pinned from post until `run` is called, which may destroy it.
struct task : mpsc_node {
  using run_fn = void (*)(task&);
  run_fn run = nullptr;
};

}  // namespace spawn
