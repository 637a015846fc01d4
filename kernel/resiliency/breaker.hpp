// A circuit breaker: stops calls to what fails anyway, and finds out when it is back.
#pragma once
#include <atomic>
#include <cstdint>
#include <optional>

#include "resiliency/policy.hpp"

namespace spawn {

enum class breaker_state : std::uint8_t { closed, open, half_open };
[[nodiscard]] const char* text(breaker_state state) noexcept;

// Whether a call says something about its host.
enum class call_verdict : std::uint8_t { good, bad, neither };

// Closed, it lets every call through and counts. Open, it lets none through until open_ms have
// passed. Half open, it lets `probes` through: as many successes close it, one failure opens it.
// A change begins an era; the end of a call let through in an earlier era counts for nothing.
// Pure: time is an argument (monotonic ns). Shared by all lanes: one word that changes by
// compare-and-set, no lock; a success of a closed breaker without error_percent writes nothing.
// [any]
class breaker {
 public:
  explicit breaker(const breaker_policy& policy) noexcept : policy_(policy) {}
  breaker(const breaker&) = delete;
  breaker& operator=(const breaker&) = delete;

  struct admission {
    bool passes = false;
    std::uint32_t era = 0;                 // for ended()
    std::uint64_t wait_ns = 0;             // not passed: until it is worth asking again
    std::optional<breaker_state> changed;  // this call changed it to that
  };
  [[nodiscard]] admission admit(std::uint64_t now_ns) noexcept;
  // The end of a call that passed. What the state has changed to, if it has.
  std::optional<breaker_state> ended(std::uint32_t era, call_verdict how,
                                     std::uint64_t now_ns) noexcept;

  [[nodiscard]] breaker_state state() const noexcept;
  // How often it has opened.
  [[nodiscard]] std::uint64_t opened() const noexcept {
    return opened_.load(std::memory_order_relaxed);
  }

 private:
  // The word, taken apart. Open, it counts nothing; half open, `calls` are the probes let through
  // and `streak` those that succeeded.
  struct counts {
    breaker_state state = breaker_state::closed;
    std::uint32_t era = 0;     // 14 bits
    std::uint32_t streak = 0;  // 16 bits each; closed: failures in a row
    std::uint32_t calls = 0;
    std::uint32_t failures = 0;
  };
  [[nodiscard]] static counts unpack(std::uint64_t word) noexcept;
  [[nodiscard]] static std::uint64_t pack(const counts& from) noexcept;
  [[nodiscard]] static counts next_era(const counts& from, breaker_state to) noexcept;
  // False: nothing changed.
  [[nodiscard]] bool count(counts& at, call_verdict how) const noexcept;
  [[nodiscard]] breaker_state judged(const counts& at) const noexcept;
  void roll_window(std::uint64_t now_ns) noexcept;

  const breaker_policy policy_;
  std::atomic<std::uint64_t> word_{0};
  std::atomic<std::uint64_t> open_until_ns_{0};  // written before the word says "open"
  std::atomic<std::uint64_t> window_end_ns_{0};
  std::atomic<std::uint64_t> opened_{0};
};

}  // namespace spawn
