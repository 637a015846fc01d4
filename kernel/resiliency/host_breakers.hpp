// The circuit breakers of all hosts, found by address.
#pragma once
#include <atomic>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "model/definition.hpp"
#include "resiliency/breaker.hpp"

namespace spawn {

struct host_breaker {
  host_breaker(const host_address& of, const breaker_policy& policy)
      : address(of.address), port(of.port), state(policy) {}
  const std::string address;
  const std::uint16_t port;
  breaker state;
  host_breaker* next = nullptr;  // of host_breakers, written before it is published
};

// One breaker per host address of the process. Made before the lanes, outlives them. A breaker is
// made when its host is first called and stays: at most limits::breaker_hosts_max of them, and
// hosts beyond have none. A list that only grows, so it is read without a lock. [any]
class host_breakers {
 public:
  using by_address = std::map<std::pair<std::string, std::uint16_t>, breaker_policy>;
  // `general`: for every host that `own` does not name.
  host_breakers(std::optional<breaker_policy> general, by_address own);
  ~host_breakers();
  host_breakers(const host_breakers&) = delete;
  host_breakers& operator=(const host_breakers&) = delete;

  // Whether any host can have one.
  [[nodiscard]] bool any() const noexcept { return general_ || !own_.empty(); }
  // Null: it has none. Stays valid as long as this.
  [[nodiscard]] host_breaker* of(const host_address& host);

  struct report {
    std::string address;
    std::uint16_t port = 0;
    breaker_state state = breaker_state::closed;
    std::uint64_t opened = 0;
  };
  [[nodiscard]] std::vector<report> all() const;

 private:
  [[nodiscard]] static host_breaker* find(host_breaker* from, const host_address& host) noexcept;

  const std::optional<breaker_policy> general_;
  const by_address own_;
  std::atomic<host_breaker*> newest_{nullptr};
  std::atomic<std::uint32_t> count_{0};
};

}  // namespace spawn
