// What an operator asks of calls to actor hosts: pure data (docs/resiliency.md).
#pragma once
#include <cstdint>
#include <string>

namespace spawn {

// How one try of a call ended, when it did not succeed. Bits of retry_policy::on.
enum retry_on : std::uint8_t {
  retry_refused = 1,      // no byte of it reached the host: nothing ran
  retry_closed = 2,       // the connection ended without an answer; it may have run
  retry_unavailable = 4,  // HTTP 429, 502, 503, 504; it may have run
  retry_timeout = 8,      // no answer in time; it may have run
  retry_error = 16,       // any other HTTP 5xx; it may have run
};

// Tries within one turn. A stored message has its own (durability.md 18), so this is not for it.
struct retry_policy {
  std::uint32_t attempts = 1;  // tries in all
  std::uint64_t backoff_first_ms = 100;
  std::uint64_t backoff_max_ms = 2'000;
  std::uint8_t on = retry_refused;
};

// Of one actor type or action. 0: no such bound.
struct call_policy {
  std::string where = {};        // "actors.Order.actions.Pay", for errors and log lines
  std::uint64_t timeout_ms = 0;  // of one try
  retry_policy retry = {};
  std::uint32_t concurrency = 0;  // calls at the host at a time, in the whole kernel
  std::uint32_t queue = 0;        // calls that may wait for a place or a token
  double rate_per_s = 0;          // calls that may begin
  std::uint32_t burst = 0;        // of these, at once
};

// Of one host address. It opens by either count; 0 switches that one off.
struct breaker_policy {
  std::uint32_t failures = 5;       // in a row
  std::uint32_t error_percent = 0;  // of at least min_calls within window_ms
  std::uint32_t min_calls = 20;
  std::uint64_t window_ms = 10'000;
  std::uint64_t open_ms = 5'000;  // then probes are let through
  std::uint32_t probes = 1;       // at most so many at once; so many successes close it
};

}  // namespace spawn
