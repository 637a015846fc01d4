#include "sim/world.hpp"

#include <algorithm>

namespace sim {

world::world(const options& given) : with(given), rng_(given.seed), trace_(given.print_trace) {
  plans.kernels = rng_.one_in(2) ? 2 : 1;
  plans.lanes = 1 + static_cast<std::uint32_t>(rng_.below(3));
  plans.actors = 52 + static_cast<std::uint32_t>(rng_.below(12));
  plans.think_us = rng_.one_in(2) ? 100 + rng_.below(1'500) : 2'000 + rng_.below(10'000);
  plans.fault_per_mille = rng_.one_in(4) ? 0 : static_cast<std::uint32_t>(rng_.below(150));
  plans.host_fault_per_mille = rng_.one_in(4) ? 0 : static_cast<std::uint32_t>(rng_.below(150));
  plans.store_ms = 1 + rng_.below(12);
  plans.doubt_ms = rng_.one_in(2) ? 1'000 + rng_.below(1'500) : 60'000;
  plans.late_ms = 1'000 + rng_.below(7'000);
  plans.deactivate_ms = 50 + rng_.below(1'500);
  plans.mailbox_max = rng_.one_in(3) ? 4 : 1'000;
  plans.save_turns_max = rng_.one_in(3) ? 2 : 256;
  plans.cells_max = rng_.one_in(4) ? 12 : 1'000;
  plans.outages = rng_.one_in(2);
  plans.operators = rng_.one_in(3);
  plans.orders = rng_.one_in(3);
  plans.hunts = rng_.one_in(2);
}

void world::after_us(std::uint64_t us, spawn::unique_function<void()> run) {
  queue_.push_back({clock_.now_ns() + us * 1'000, ++last_order_, std::move(run)});
  std::push_heap(queue_.begin(), queue_.end(), later);
}

bool world::step() {
  if (queue_.empty()) {
    return false;
  }
  std::pop_heap(queue_.begin(), queue_.end(), later);
  event next = std::move(queue_.back());
  queue_.pop_back();
  if (next.at_ns > clock_.now_ns()) {
    clock_.advance_ns(next.at_ns - clock_.now_ns());
  }
  ++events_;
  next.run();
  return true;
}

}  // namespace sim
