// manual_clock: both clocks of the host, moved by the test. [any]
#pragma once
#include <atomic>
#include <chrono>
#include <cstdint>

namespace spawn::plugin::testing {

class manual_clock {
 public:
  [[nodiscard]] std::uint64_t now_ns() const noexcept { return ns_.load(); }
  [[nodiscard]] std::int64_t unix_ms() const noexcept { return unix_ms_.load(); }

  // Time passes on both clocks.
  void advance(std::chrono::milliseconds by) noexcept {
    ns_.fetch_add(static_cast<std::uint64_t>(by.count()) * 1'000'000u);
    unix_ms_.fetch_add(by.count());
  }
  // Somebody sets the wall clock; the monotonic one does not notice.
  void jump_wall(std::chrono::milliseconds by) noexcept { unix_ms_.fetch_add(by.count()); }

 private:
  std::atomic<std::uint64_t> ns_{1'000'000'000};
  std::atomic<std::int64_t> unix_ms_{1'700'000'000'000};
};

}  // namespace spawn::plugin::testing
