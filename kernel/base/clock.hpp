// Time, as the kernel sees it. Nothing else in the kernel reads a clock, so that a simulation can
// run hours in a second (D11: timers and deadlines on the monotonic clock, schedules on the wall).
#pragma once
#include <cstdint>

namespace spawn {

inline constexpr std::uint64_t ns_per_ms = 1'000'000;
inline constexpr std::uint64_t ns_per_s = 1'000'000'000;

class clock {
 public:
  virtual ~clock() = default;
  // Monotonic nanoseconds; never goes back. [any]
  [[nodiscard]] virtual std::uint64_t now_ns() const noexcept = 0;
  // Wall clock, Unix epoch milliseconds; may jump either way. [any]
  [[nodiscard]] virtual std::int64_t unix_ms() const noexcept = 0;
};

// The machine's clocks.
class system_clock final : public clock {
 public:
  [[nodiscard]] std::uint64_t now_ns() const noexcept override;
  [[nodiscard]] std::int64_t unix_ms() const noexcept override;
};

// A clock that moves when told to. For tests and the simulator.
class manual_clock final : public clock {
 public:
  [[nodiscard]] std::uint64_t now_ns() const noexcept override { return now_ns_; }
  [[nodiscard]] std::int64_t unix_ms() const noexcept override { return unix_ms_; }
  void advance_ns(std::uint64_t ns) noexcept {
    now_ns_ += ns;
    carry_ns_ += ns;
    unix_ms_ += static_cast<std::int64_t>(carry_ns_ / ns_per_ms);
    carry_ns_ %= ns_per_ms;
  }
  // A step of the wall clock alone, as an operator or NTP makes it.
  void jump_wall_ms(std::int64_t ms) noexcept { unix_ms_ += ms; }

 private:
  std::uint64_t now_ns_ = 1'000 * ns_per_s;
  std::uint64_t carry_ns_ = 0;
  std::int64_t unix_ms_ = 1'700'000'000'000;
};

}  // namespace spawn
