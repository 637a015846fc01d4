#include "admin/resiliency_facts.hpp"

#include "resiliency/guarded_link.hpp"

namespace spawn {

void add_resiliency(const admin_context& from, metrics_builder& out) {
  const auto sum = [&from](counter guard_stats::* at) {
    std::uint64_t n = 0;
    for (const guarded_link* link : from.links) {
      n += (link->stats().*at).get();
    }
    return static_cast<double>(n);
  };
  constexpr auto held = "Calls to actor hosts that a policy or a circuit breaker kept back";
  constexpr auto name = "spawn_host_calls_held_back_total";
  out.counter(name, held, sum(&guard_stats::held_by_breaker), {{"by", "circuit_breaker"}});
  out.counter(name, held, sum(&guard_stats::held_by_concurrency), {{"by", "concurrency"}});
  out.counter(name, held, sum(&guard_stats::held_by_rate), {{"by", "rate_limit"}});
  out.counter("spawn_host_call_retries_total", "Calls to actor hosts tried again within a turn",
              sum(&guard_stats::retries));
  out.gauge("spawn_host_calls_waiting", "Calls that wait for a place or a token of a policy",
            sum(&guard_stats::waiting));
  for (const auto& each : from.breakers.all()) {
    const metrics_builder::labels who{{"host", each.address + ":" + std::to_string(each.port)}};
    out.gauge("spawn_host_breaker_state", "Circuit breaker: 0 closed, 1 open, 2 half open",
              static_cast<double>(each.state), who);
    out.counter("spawn_host_breaker_opened_total", "How often the circuit breaker has opened",
                static_cast<double>(each.opened), who);
  }
}

std::optional<host_breakers::report> breaker_of(const admin_context& from,
                                                const std::string& address, std::uint16_t port) {
  for (auto& each : from.breakers.all()) {
    if (each.port == port && each.address == address) {
      return each;
    }
  }
  return std::nullopt;
}

}  // namespace spawn
