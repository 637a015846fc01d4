#include "resiliency/limiter.hpp"

#include <algorithm>

#include "base/clock.hpp"

namespace spawn {

rate_limit::rate_limit(double per_s, std::uint32_t burst) noexcept
    : interval_ns_(std::max<std::uint64_t>(
          static_cast<std::uint64_t>(static_cast<double>(ns_per_s) / per_s), 1)),
      tolerance_ns_(interval_ns_ * (std::max<std::uint32_t>(burst, 1) - 1)) {}

std::uint64_t rate_limit::take(std::uint64_t now_ns) noexcept {
  std::uint64_t full_at = full_at_ns_.load(std::memory_order_relaxed);
  for (;;) {
    const std::uint64_t from = std::max(full_at, now_ns);
    if (from - now_ns > tolerance_ns_) {
      return from - now_ns - tolerance_ns_;
    }
    if (full_at_ns_.compare_exchange_weak(full_at, from + interval_ns_,
                                          std::memory_order_relaxed)) {
      return 0;
    }
  }
}

slot_limit::slot_limit(std::uint32_t places, std::uint32_t lanes)
    : places_(places), lanes_(lanes), waits_(new std::atomic<bool>[lanes] {}) {}

bool slot_limit::try_take() noexcept {
  std::uint32_t taken = taken_.load(std::memory_order_seq_cst);
  while (taken < places_) {
    if (taken_.compare_exchange_weak(taken, taken + 1, std::memory_order_seq_cst)) {
      return true;
    }
  }
  return false;
}

std::optional<std::uint32_t> slot_limit::give_back() noexcept {
  taken_.fetch_sub(1, std::memory_order_seq_cst);
  return next_waiting();
}

void slot_limit::set_waiting(std::uint32_t lane, bool waits) noexcept {
  if (waits_[lane].exchange(waits, std::memory_order_seq_cst) != waits) {
    if (waits) {
      waiting_lanes_.fetch_add(1, std::memory_order_seq_cst);
    } else {
      waiting_lanes_.fetch_sub(1, std::memory_order_seq_cst);
    }
  }
}

std::optional<std::uint32_t> slot_limit::who_waits() noexcept {
  return taken_.load(std::memory_order_seq_cst) < places_ ? next_waiting() : std::nullopt;
}

std::optional<std::uint32_t> slot_limit::next_waiting() noexcept {
  if (waiting_lanes_.load(std::memory_order_seq_cst) == 0) {
    return std::nullopt;
  }
  const std::uint32_t first = last_told_.load(std::memory_order_relaxed) + 1;
  for (std::uint32_t i = 0; i < lanes_; ++i) {
    const std::uint32_t lane = (first + i) % lanes_;
    if (waits_[lane].load(std::memory_order_seq_cst)) {
      last_told_.store(lane, std::memory_order_relaxed);
      return lane;
    }
  }
  return std::nullopt;
}

}  // namespace spawn
