// manual_clock: both clocks of the host, moved by the test. [any]
#pragma once
#include <atomic>
#include <chrono>
#include <cstdint>

namespace spawn::plugin::testing {

class manual_clock {
 public:
  [[nodiscard]] std::uint64_t now_ns() const noexcept { return ns_.load() + passed_ns(); }
  [[nodiscard]] std::int64_t unix_ms() const noexcept {
    return unix_ms_.load() + static_cast<std::int64_t>(passed_ns() / 1'000'000u);
  }

  // Time passes on both clocks.
  void advance(std::chrono::milliseconds by) noexcept {
    ns_.fetch_add(static_cast<std::uint64_t>(by.count()) * 1'000'000u);
    unix_ms_.fetch_add(by.count());
  }
  // Somebody sets the wall clock; the monotonic one does not notice.
  void jump_wall(std::chrono::milliseconds by) noexcept { unix_ms_.fetch_add(by.count()); }

  // From here on time passes by itself too: for plugins that work with a server, whose time is
  // real.
  void run() noexcept { began_ns_.store(steady_ns()); }

 private:
  [[nodiscard]] static std::uint64_t steady_ns() noexcept {
    const auto now = std::chrono::steady_clock::now().time_since_epoch();
    return static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::nanoseconds>(now).count());
  }
  [[nodiscard]] std::uint64_t passed_ns() const noexcept {
    const std::uint64_t began = began_ns_.load();
    return began == 0 ? 0 : steady_ns() - began;
  }

  std::atomic<std::uint64_t> ns_{1'000'000'000};
  std::atomic<std::int64_t> unix_ms_{1'700'000'000'000};
  std::atomic<std::uint64_t> began_ns_{0};
};

}  // namespace spawn::plugin::testing
