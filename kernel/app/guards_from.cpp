#include "app/guards_from.hpp"

#include "resiliency/call_guard.hpp"

namespace spawn {
namespace {

std::uint8_t bits_of(const std::vector<std::string>& words) {
  std::uint8_t out = 0;
  for (const auto& word : words) {
    out |= word == "refused"       ? retry_refused
           : word == "closed"      ? retry_closed
           : word == "unavailable" ? retry_unavailable
           : word == "timeout"     ? retry_timeout
                                   : retry_error;
  }
  return out;
}

std::unique_ptr<call_guard> guard_of(const config::policy_choice& from, std::string where,
                                     std::uint32_t lanes) {
  const config::policy_settings& said = from.policy;
  call_policy out;
  out.where = std::move(where);
  out.timeout_ms = said.timeout_ms.value_or(0);
  if (said.retry) {
    out.retry = {.attempts = said.retry->attempts,
                 .backoff_first_ms = said.retry->backoff_first_ms,
                 .backoff_max_ms = said.retry->backoff_max_ms,
                 .on = bits_of(said.retry->on)};
  }
  out.concurrency = said.concurrency.value_or(0);
  out.queue = said.queue;
  if (said.rate_limit) {
    out.rate_per_s = said.rate_limit->per_s;
    out.burst = said.rate_limit->burst;
  }
  return std::make_unique<call_guard>(std::move(out), lanes);
}

breaker_policy breaker_of(const config::breaker_settings& from) {
  return {.failures = from.failures,
          .error_percent = from.error_percent,
          .min_calls = from.min_calls,
          .window_ms = from.window_ms,
          .open_ms = from.open_ms,
          .probes = from.probes};
}

}  // namespace

bool attach_guards(const config::settings& settings, std::uint32_t lanes, policies& into) {
  bool any = false;
  for (const auto& rule : settings.actors) {
    if (!rule.resiliency && rule.actions.empty()) {
      continue;
    }
    auto made = std::make_shared<type_guards>();
    if (rule.resiliency) {
      made->all = guard_of(*rule.resiliency, "actors." + rule.type + ".resiliency", lanes);
    }
    for (const auto& [action, choice] : rule.actions) {
      made->actions.emplace_back(
          action, guard_of(choice, "actors." + rule.type + ".actions." + action, lanes));
    }
    into.types[rule.type].guards = std::move(made);
    any = true;
  }
  return any;
}

std::unique_ptr<host_breakers> make_breakers(const config::settings& settings,
                                             const policies& resolved) {
  std::optional<breaker_policy> general;
  if (settings.host.circuit_breaker) {
    general = breaker_of(*settings.host.circuit_breaker);
  }
  host_breakers::by_address own;
  for (const auto& host : settings.hosts) {
    if (!host.circuit_breaker) {
      continue;
    }
    const auto& at = host.service.empty() ? resolved.hosts_by_actor.at(host.actors.front())
                                          : resolved.hosts_by_service.at(host.service);
    own.emplace(std::pair(at->address, at->port), breaker_of(*host.circuit_breaker));
  }
  return std::make_unique<host_breakers>(general, std::move(own));
}

}  // namespace spawn
