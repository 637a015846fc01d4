// Actors that run in the kernel: their lanes, and the link that calls reach them through.
#include "app/kernel.hpp"

namespace spawn {

// The link that a lane's cells call hosts through, before any guard.
host_link& kernel::add_natives(lane_stack& stack, asio_lane& home, const cell_options& cells) {
  if (natives_.empty()) {
    return *stack.hosts;
  }
  live_options options;
  options.objects_max = cells.cells_max;
  options.request_ms = cells.request_ms;
  options.request_ms_max = cells.request_ms_max;
  std::vector<native_host> hosts;
  for (std::size_t i = 0; i < natives_.size(); ++i) {
    actors_port& port = *natives_[i];
    const live_types& types = *live_types_[i];
    auto& live = stack.live.emplace_back();
    if (!types.all.empty()) {
      live = std::make_shared<live_lane>(
          live_lane::parts{home, *lanes_, port, types, budget_, stack.stats, options});
      port.at_close(home.index(), [live] { live->close(); });
    }
    hosts.push_back({&port, &types, live.get()});
  }
  stack.natives = std::make_unique<native_link>(home, *stack.hosts, std::move(hosts));
  return *stack.natives;
}

void kernel::connect_natives() {
  for (std::size_t i = 0; i < natives_.size(); ++i) {
    std::vector<live_lane*> all;
    for (const auto& stack : stacks_) {
      all.push_back(stack->live[i].get());
    }
    for (const auto& stack : stacks_) {
      if (live_lane* live = stack->live[i].get()) {
        live->connect(all, *stack->router);
        live->on_activation(
            [router = stack->router.get()](actor_view id) { router->live_activated(id); });
      }
    }
  }
}

}  // namespace spawn
