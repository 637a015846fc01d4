// What the whole kernel is doing, for health checks and refusals.
#pragma once
#include <atomic>

namespace spawn {

// Set by the composition root, read everywhere. [any]
struct kernel_state {
  std::atomic<bool> ready{false};
  std::atomic<bool> draining{false};  // readiness is down, service goes on
  std::atomic<bool> closed{false};    // new requests are refused
};

}  // namespace spawn
