#include "plugin/instance_core.hpp"

#include "base/log.hpp"

namespace spawn {

instance_core::instance_core(std::shared_ptr<plugin_library> lib, std::string instance_name,
                             lane_loops on, const clock& clk)
    : library(std::move(lib)),
      name(std::move(instance_name)),
      time(clk),
      loops(std::move(on)),
      host(library->manifest().label(), name, clk),
      loop(host, loops),
      blocking(host, name) {
  host.services.metrics = &metrics;
  host.services.loop = &loop;
  host.services.blocking = &blocking;
  host.services.is_transport = library->manifest().kind == "transport";
  host.services.is_activator = library->manifest().kind == "activator";
}

void instance_core::refuse(std::span<spawn_op* const> ops) const {
  const bool broken = host.faulted();
  std::string text = "instance " + name + " ";
  text += broken ? "is faulted: " + host.fault_cause().text : "is not started or is stopping";
  for (spawn_op* op : ops) {
    end_here(*op, broken ? errc::unavailable : errc::shutdown, text);
  }
}

void instance_core::note_slow(const char* what, std::uint64_t took_ns) noexcept {
  slow_calls.fetch_add(1, std::memory_order_relaxed);
  const std::uint64_t now = time.now_ns();
  std::uint64_t last = slow_logged_ns.load(std::memory_order_relaxed);
  // Once a second is enough to know; the counter has the rest.
  if ((last != 0 && now - last < ns_per_s) || !slow_logged_ns.compare_exchange_strong(last, now)) {
    return;
  }
  SPAWN_LOG(warn, "a plugin held up its lane", {"plugin", host.plugin()}, {"instance", name},
            {"call", what}, {"us", took_ns / 1'000});
}

std::uint64_t instance_core::in_flight() const noexcept {
  // Completions first: an op that ends meanwhile counts as in flight, never as less than none.
  const std::uint64_t ended = host.completed() + ended_here.load();
  const std::lock_guard hold(ports_mutex);
  std::uint64_t submitted = retired_submitted.load();
  for (const instance_port* port : ports) {
    submitted += port->submitted();
  }
  return submitted > ended ? submitted - ended : 0;
}

}  // namespace spawn
