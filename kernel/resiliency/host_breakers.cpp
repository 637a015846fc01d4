#include "resiliency/host_breakers.hpp"

#include <memory>

namespace spawn {

host_breakers::host_breakers(std::optional<breaker_policy> general, by_address own)
    : general_(general), own_(std::move(own)) {}

host_breakers::~host_breakers() {
  const host_breaker* at = newest_.load(std::memory_order_acquire);
  while (at != nullptr) {
    const host_breaker* next = at->next;
    delete at;
    at = next;
  }
}

host_breaker* host_breakers::find(host_breaker* from, const host_address& host) noexcept {
  while (from != nullptr && (from->port != host.port || from->address != host.address)) {
    from = from->next;
  }
  return from;
}

host_breaker* host_breakers::of(const host_address& host) {
  host_breaker* newest = newest_.load(std::memory_order_acquire);
  if (host_breaker* found = find(newest, host)) {
    return found;
  }
  const auto own = own_.find({host.address, host.port});
  if (own == own_.end() && !general_) {
    return nullptr;
  }
  if (count_.fetch_add(1, std::memory_order_relaxed) >= limits::breaker_hosts_max) {
    count_.fetch_sub(1, std::memory_order_relaxed);
    return nullptr;
  }
  auto made = std::make_unique<host_breaker>(host, own == own_.end() ? *general_ : own->second);
  for (;;) {
    made->next = newest;
    if (newest_.compare_exchange_weak(newest, made.get(), std::memory_order_acq_rel,
                                      std::memory_order_acquire)) {
      return made.release();
    }
    if (host_breaker* found = find(newest, host)) {  // another lane was first
      count_.fetch_sub(1, std::memory_order_relaxed);
      return found;
    }
  }
}

std::vector<host_breakers::report> host_breakers::all() const {
  std::vector<report> out;
  for (const host_breaker* at = newest_.load(std::memory_order_acquire); at != nullptr;
       at = at->next) {
    out.push_back({at->address, at->port, at->state.state(), at->state.opened()});
  }
  return out;
}

}  // namespace spawn
