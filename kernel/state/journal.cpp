#include "state/journal.hpp"

#include <algorithm>

namespace spawn {

journal::journal(lane& home, statestore_port& store) : lane_(home), store_(store) {
  hook_.owner = this;
  hook_.run = [](turn_end& hook) { static_cast<flush_hook&>(hook).owner->flush(); };
}

void journal::add(spawn_op& op) {
  gathered_.push_back(&op);
  lane_.at_turn_end(hook_);
}

void journal::one_ended() {
  --in_flight_;
  if (!gathered_.empty()) {
    lane_.at_turn_end(hook_);
  }
}

void journal::flush() {
  if (gathered_.empty() || (!store_.shared_queue() && in_flight_ > 0)) {
    return;
  }
  in_flight_ += gathered_.size();
  counters_.batches += 1;
  counters_.ops += gathered_.size();
  counters_.largest = std::max<std::uint64_t>(counters_.largest, gathered_.size());
  // The port copies the pointers before it returns, so the vector's memory is used again.
  store_.submit(lane_, gathered_);
  gathered_.clear();
}

}  // namespace spawn
