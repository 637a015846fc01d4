// What the configuration says of calls to actor hosts: policies, and circuit breakers of hosts.
// Plain data; part of settings.hpp. Thread: [any] for reading.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/limits.hpp"

namespace spawn::config {

// The words of retry.on. Only `refused` is sure not to have run.
struct retry_settings {
  std::uint32_t attempts = 3;  // in all
  std::uint64_t backoff_first_ms = 100;
  std::uint64_t backoff_max_ms = 2'000;
  std::vector<std::string> on{"refused"};
  bool unsafe = false;  // what may have run already may run again
  bool operator==(const retry_settings&) const = default;
};

struct rate_settings {
  double per_s = 0;
  std::uint32_t burst = 1;
  bool operator==(const rate_settings&) const = default;
};

// Unset members: no such bound.
struct policy_settings {
  std::optional<std::uint64_t> timeout_ms;
  std::optional<retry_settings> retry;
  std::optional<std::uint32_t> concurrency;
  std::uint32_t queue = limits::guard_queue_max;
  std::optional<rate_settings> rate_limit;
  bool operator==(const policy_settings&) const = default;
};

// The policy of a type or an action: one of `resiliency` by its name, or written in place.
struct policy_choice {
  std::string name;        // empty: in place
  policy_settings policy;  // what the name stands for
  bool operator==(const policy_choice&) const = default;
};

// When calls to a host are stopped for a while. A host has none unless it is given.
struct breaker_settings {
  std::uint32_t failures = 5;       // in a row; 0: not by these
  std::uint32_t error_percent = 0;  // 0: not by these
  std::uint32_t min_calls = 20;
  std::uint64_t window_ms = 10'000;
  std::uint64_t open_ms = 5'000;
  std::uint32_t probes = 1;
  bool operator==(const breaker_settings&) const = default;
};

}  // namespace spawn::config
