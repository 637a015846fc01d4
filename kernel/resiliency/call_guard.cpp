#include "resiliency/call_guard.hpp"

namespace spawn {

call_guard::call_guard(call_policy asked, std::uint32_t lanes)
    : rules(std::move(asked)), queues(new queue[lanes]) {
  if (rules.rate_per_s > 0) {
    rate.emplace(rules.rate_per_s, rules.burst);
  }
  if (rules.concurrency != 0) {
    slots.emplace(rules.concurrency, lanes);
  }
}

bool call_guard::enter_queue() noexcept {
  if (queued.fetch_add(1, std::memory_order_relaxed) < rules.queue) {
    return true;
  }
  leave_queue();
  return false;
}

call_guard* type_guards::of(std::string_view action) const noexcept {
  for (const auto& [name, own] : actions) {
    if (name == action) {
      return own.get();
    }
  }
  return all.get();
}

}  // namespace spawn
