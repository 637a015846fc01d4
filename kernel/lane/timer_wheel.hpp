// Millions of timers: hierarchical wheel of intrusive nodes, O(1) arm and cancel, 1 ms grain.
#pragma once
#include <array>
#include <cstdint>
#include <optional>

#include "base/intrusive_list.hpp"

namespace spawn {

struct timer_tag;

// A timer belongs to its owner (usually a member); it cancels itself when destroyed.
struct timer : list_hook<timer_tag> {
  using fire_fn = void (*)(timer&);
  fire_fn fire = nullptr;
  std::uint64_t due_ms = 0;
};

// [lane] A timer fires at its due time or up to one millisecond later, never earlier; those due in
// the same millisecond fire in the order in which they were armed.
class timer_wheel {
 public:
  // Starts at now_ns; timers fire only from advance().
  explicit timer_wheel(std::uint64_t now_ns) noexcept;
  timer_wheel(const timer_wheel&) = delete;
  timer_wheel& operator=(const timer_wheel&) = delete;

  // (Re-)arms t for due_ns on the monotonic clock; the past means at the next advance().
  void arm(timer& t, std::uint64_t due_ns) noexcept;
  static void cancel(timer& t) noexcept { t.unlink(); }
  // Fires everything due at now_ns. Returns how many fired.
  std::size_t advance(std::uint64_t now_ns);
  // When advance() has to be called next at the latest; nothing when no timer is armed. May be
  // earlier than the first due time (a coarse slot has to be spread), never later.
  [[nodiscard]] std::optional<std::uint64_t> next_ns() const noexcept;

 private:
  static constexpr int bits = 8;
  static constexpr int levels = 5;
  static constexpr std::size_t slots = 1u << bits;
  using slot_list = intrusive_list<timer, timer_tag>;

  void place(timer& t) noexcept;
  [[nodiscard]] std::optional<std::uint64_t> next_tick() const noexcept;

  std::uint64_t now_ms_;
  // Slots emptied by cancel() stay marked until visited: a mark is a hint, not a count.
  mutable std::array<std::array<std::uint64_t, slots / 64>, levels> marked_{};
  std::array<std::array<slot_list, slots>, levels> wheel_;
};

}  // namespace spawn
