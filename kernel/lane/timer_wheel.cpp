#include "lane/timer_wheel.hpp"

#include <algorithm>
#include <bit>

#include "base/clock.hpp"

namespace spawn {
namespace {

constexpr std::uint64_t to_ms_up(std::uint64_t ns) noexcept {
  return ns / ns_per_ms + (ns % ns_per_ms != 0 ? 1 : 0);
}

}  // namespace

timer_wheel::timer_wheel(std::uint64_t now_ns) noexcept : now_ms_(now_ns / ns_per_ms) {}

void timer_wheel::arm(timer& t, std::uint64_t due_ns) noexcept {
  t.unlink();
  t.due_ms = to_ms_up(due_ns);
  place(t);
}

void timer_wheel::place(timer& t) noexcept {
  // A level holds what differs from now in its own digit only; the past goes to the next tick.
  const std::uint64_t due = std::max(t.due_ms, now_ms_ + 1);
  const std::uint64_t differing = due ^ now_ms_;
  int level = (63 - std::countl_zero(differing)) / bits;
  std::uint64_t at = due;
  if (level >= levels) {
    // Beyond the wheel's horizon: park in the last slot of the top level, placed again from there.
    level = levels - 1;
    at = now_ms_ + (std::uint64_t{slots - 1} << (bits * (levels - 1)));
    if (((at ^ now_ms_) >> (bits * levels)) != 0) {
      at = now_ms_ | ((std::uint64_t{1} << (bits * levels)) - 1);
    }
  }
  const std::size_t slot = (at >> (bits * level)) & (slots - 1);
  wheel_[static_cast<std::size_t>(level)][slot].push_back(t);
  marked_[static_cast<std::size_t>(level)][slot / 64] |= std::uint64_t{1} << (slot % 64);
}

std::optional<std::uint64_t> timer_wheel::next_tick() const noexcept {
  for (std::size_t level = 0; level < levels; ++level) {
    const int shift = bits * static_cast<int>(level);
    const std::size_t here = (now_ms_ >> shift) & (slots - 1);
    // Slots at and before `here` hold nothing: what they held was placed lower or fired.
    for (std::size_t slot = here + 1; slot < slots; ++slot) {
      const std::uint64_t word = marked_[level][slot / 64] >> (slot % 64);
      if (word == 0) {
        slot = (slot / 64) * 64 + 63;
        continue;
      }
      slot += static_cast<std::size_t>(std::countr_zero(word));
      const std::uint64_t base = now_ms_ >> (shift + bits) << (shift + bits);
      if (wheel_[level][slot].empty()) {
        marked_[level][slot / 64] &= ~(std::uint64_t{1} << (slot % 64));
        continue;
      }
      return base + (static_cast<std::uint64_t>(slot) << shift);
    }
  }
  // The horizon's end, when only its last slot is left behind us.
  return std::nullopt;
}

std::optional<std::uint64_t> timer_wheel::next_ns() const noexcept {
  const auto tick = next_tick();
  if (!tick) {
    return std::nullopt;
  }
  return *tick * ns_per_ms;
}

std::size_t timer_wheel::advance(std::uint64_t now_ns) {
  const std::uint64_t target = now_ns / ns_per_ms;
  std::size_t fired = 0;
  while (now_ms_ < target) {
    const auto tick = next_tick();
    if (!tick || *tick > target) {
      now_ms_ = target;
      break;
    }
    now_ms_ = *tick;
    // Spread the coarse slots that begin at this tick, coarsest first.
    for (int level = levels - 1; level > 0; --level) {
      const int shift = bits * level;
      if ((now_ms_ & ((std::uint64_t{1} << shift) - 1)) != 0) {
        continue;
      }
      const std::size_t slot = (now_ms_ >> shift) & (slots - 1);
      slot_list moved;
      moved.splice_back(wheel_[static_cast<std::size_t>(level)][slot]);
      while (timer* t = moved.pop_front()) {
        if (t->due_ms <= now_ms_) {
          wheel_[0][now_ms_ & (slots - 1)].push_back(*t);
        } else {
          place(*t);
        }
      }
    }
    slot_list due;
    due.splice_back(wheel_[0][now_ms_ & (slots - 1)]);
    while (timer* t = due.pop_front()) {
      ++fired;
      t->fire(*t);
    }
  }
  return fired;
}

}  // namespace spawn
