// Where a lane's turn spent its time: the longest uninterrupted piece of it, for the line about a
// stall.
#pragma once
#include <chrono>
#include <cstdint>
#include <utility>
#if defined(__x86_64__)
#include <x86intrin.h>
#endif

namespace spawn {

// A handful of nanoseconds per mark. Stations are constant names. [lane]
class stations {
 public:
  struct piece {
    const char* station;
    std::uint64_t ns;
  };

  // A new piece of work begins: one handler, task or timer.
  void enter(const char* station) noexcept {
    const std::uint64_t at = ticks();
    if (now_ != unmarked && at - since_ > longest_) {
      longest_ = at - since_;
      longest_at_ = now_;
    }
    since_ = at;
    now_ = station;
  }
  // The turn is over; its longest piece. `now_ns` is of the monotonic clock.
  [[nodiscard]] piece end_turn(std::uint64_t now_ns) noexcept {
    enter(unmarked);
    const auto longest = std::exchange(longest_, 0);
    if (first_ns_ == 0) {
      first_ns_ = now_ns;
      first_ticks_ = since_;
    }
    const auto passed = static_cast<double>(since_ - first_ticks_);
    const double ns_per_tick = passed > 0 ? static_cast<double>(now_ns - first_ns_) / passed : 0;
    return {std::exchange(longest_at_, unmarked),
            static_cast<std::uint64_t>(static_cast<double>(longest) * ns_per_tick)};
  }

 private:
  static std::uint64_t ticks() noexcept {
#if defined(__x86_64__)
    return __rdtsc();
#else
    return static_cast<std::uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count());
#endif
  }

  // Waiting for sockets, and handlers that set no mark.
  static constexpr const char* unmarked = "sockets";

  const char* now_ = unmarked;
  const char* longest_at_ = unmarked;
  std::uint64_t since_ = 0;
  std::uint64_t longest_ = 0;
  std::uint64_t first_ns_ = 0;  // the same moment by both clocks
  std::uint64_t first_ticks_ = 0;
};

}  // namespace spawn
