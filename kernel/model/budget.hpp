// The process-wide bound on bytes that requests may hold in memory (D7).
#pragma once
#include <atomic>
#include <cstdint>

namespace spawn {

// Charged when a request is let in, returned when the last trace of it is gone. [any]
class byte_budget {
 public:
  explicit byte_budget(std::uint64_t max) noexcept : max_(max) {}
  [[nodiscard]] bool try_take(std::uint64_t bytes) noexcept {
    if (used_.fetch_add(bytes, std::memory_order_relaxed) + bytes > max_) {
      used_.fetch_sub(bytes, std::memory_order_relaxed);
      return false;
    }
    return true;
  }
  // For work that can no longer be refused (what a turn emits): may pass the bound, so that the
  // next request at ingress is refused instead.
  void take(std::uint64_t bytes) noexcept { used_.fetch_add(bytes, std::memory_order_relaxed); }
  void give_back(std::uint64_t bytes) noexcept {
    used_.fetch_sub(bytes, std::memory_order_relaxed);
  }
  [[nodiscard]] std::uint64_t used() const noexcept {
    return used_.load(std::memory_order_relaxed);
  }
  [[nodiscard]] std::uint64_t max() const noexcept { return max_; }

 private:
  const std::uint64_t max_;
  alignas(64) std::atomic<std::uint64_t> used_{0};
};

}  // namespace spawn
