// How often calls may begin, and how many may be out: shared by all lanes without a lock.
#pragma once
#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>

namespace spawn {

// A token bucket, kept as the time at which it would be full again (GCRA), so one word is all of
// it. Pure: time is an argument (monotonic ns). [any]
class rate_limit {
 public:
  // More than 0 per second; at least 1 at once.
  rate_limit(double per_s, std::uint32_t burst) noexcept;
  // 0: a token was there and is taken. Else the time until there will be one, ns.
  [[nodiscard]] std::uint64_t take(std::uint64_t now_ns) noexcept;

 private:
  const std::uint64_t interval_ns_;   // from token to token
  const std::uint64_t tolerance_ns_;  // how far ahead of time a burst may be
  std::atomic<std::uint64_t> full_at_ns_{0};
};

// So many places, and which lanes wait for one. A lane that finds none free says that it waits and
// looks once more: then whoever gives a place back either freed it before that second look or sees
// that the lane waits. [any]
class slot_limit {
 public:
  slot_limit(std::uint32_t places, std::uint32_t lanes);

  [[nodiscard]] bool try_take() noexcept;
  // Frees a place. The lane that should be told, if one waits.
  [[nodiscard]] std::optional<std::uint32_t> give_back() noexcept;
  void set_waiting(std::uint32_t lane, bool waits) noexcept;
  // A lane that waits while a place is free: another than the one told of it may need it.
  [[nodiscard]] std::optional<std::uint32_t> who_waits() noexcept;
  [[nodiscard]] std::uint32_t taken() const noexcept {
    return taken_.load(std::memory_order_relaxed);
  }

 private:
  [[nodiscard]] std::optional<std::uint32_t> next_waiting() noexcept;

  const std::uint32_t places_;
  const std::uint32_t lanes_;
  std::atomic<std::uint32_t> taken_{0};
  std::atomic<std::uint32_t> waiting_lanes_{0};
  std::atomic<std::uint32_t> last_told_{0};  // lanes take turns
  std::unique_ptr<std::atomic<bool>[]> waits_;
};

}  // namespace spawn
