#include "resiliency/breaker.hpp"

#include <algorithm>

#include "base/clock.hpp"

namespace spawn {
namespace {

constexpr std::uint32_t count_max = 0xffff;
constexpr std::uint32_t era_mask = 0x3fff;

}  // namespace

const char* text(breaker_state state) noexcept {
  switch (state) {
    case breaker_state::closed:
      return "closed";
    case breaker_state::open:
      return "open";
    case breaker_state::half_open:
      return "half open";
  }
  return "closed";
}

breaker::counts breaker::unpack(std::uint64_t word) noexcept {
  counts out;
  out.state = static_cast<breaker_state>(word & 3);
  out.era = static_cast<std::uint32_t>(word >> 2) & era_mask;
  out.streak = static_cast<std::uint32_t>(word >> 16) & count_max;
  out.calls = static_cast<std::uint32_t>(word >> 32) & count_max;
  out.failures = static_cast<std::uint32_t>(word >> 48) & count_max;
  return out;
}

std::uint64_t breaker::pack(const counts& from) noexcept {
  return static_cast<std::uint64_t>(from.state) | static_cast<std::uint64_t>(from.era) << 2 |
         static_cast<std::uint64_t>(from.streak) << 16 |
         static_cast<std::uint64_t>(from.calls) << 32 |
         static_cast<std::uint64_t>(from.failures) << 48;
}

breaker::counts breaker::next_era(const counts& from, breaker_state to) noexcept {
  counts out;
  out.state = to;
  out.era = (from.era + 1) & era_mask;
  return out;
}

breaker_state breaker::state() const noexcept {
  return unpack(word_.load(std::memory_order_relaxed)).state;
}

breaker::admission breaker::admit(std::uint64_t now_ns) noexcept {
  std::uint64_t word = word_.load(std::memory_order_acquire);
  for (;;) {
    counts at = unpack(word);
    admission out{true, at.era, 0, std::nullopt};
    if (at.state == breaker_state::closed) {
      return out;
    }
    if (at.state == breaker_state::open) {
      const std::uint64_t until = open_until_ns_.load(std::memory_order_relaxed);
      if (now_ns < until) {
        return {false, at.era, until - now_ns, std::nullopt};
      }
      at = next_era(at, breaker_state::half_open);
      out.era = at.era;
      out.changed = at.state;
    } else if (at.calls >= policy_.probes) {
      return {false, at.era, ns_per_s, std::nullopt};  // the probes' ends decide
    }
    ++at.calls;
    if (word_.compare_exchange_weak(word, pack(at), std::memory_order_acq_rel,
                                    std::memory_order_acquire)) {
      return out;
    }
  }
}

std::optional<breaker_state> breaker::ended(std::uint32_t era, call_verdict how,
                                            std::uint64_t now_ns) noexcept {
  roll_window(now_ns);
  std::uint64_t word = word_.load(std::memory_order_acquire);
  for (;;) {
    counts at = unpack(word);
    if (at.era != era || !count(at, how)) {
      return std::nullopt;
    }
    const breaker_state to = judged(at);
    if (to != at.state) {
      at = next_era(at, to);
    }
    const bool opens = to == breaker_state::open;
    if (opens) {
      open_until_ns_.store(now_ns + policy_.open_ms * ns_per_ms, std::memory_order_relaxed);
    }
    if (!word_.compare_exchange_weak(word, pack(at), std::memory_order_acq_rel,
                                     std::memory_order_acquire)) {
      continue;
    }
    if (opens) {
      opened_.fetch_add(1, std::memory_order_relaxed);
    }
    return at.era == era ? std::nullopt : std::optional(to);
  }
}

bool breaker::count(counts& at, call_verdict how) const noexcept {
  if (at.state == breaker_state::half_open) {
    switch (how) {
      case call_verdict::good:
        ++at.streak;
        break;
      case call_verdict::bad:
        ++at.failures;
        break;
      case call_verdict::neither:
        at.calls -= at.calls > at.streak ? 1 : 0;  // another may try in its place
        break;
    }
    return true;
  }
  const bool by_ratio = policy_.error_percent != 0;
  const bool says_nothing = how == call_verdict::good && at.streak == 0 && !by_ratio;
  if (at.state == breaker_state::open || how == call_verdict::neither || says_nothing) {
    return false;
  }
  at.streak = how == call_verdict::bad ? std::min(at.streak + 1, count_max) : 0;
  if (by_ratio) {
    if (at.calls == count_max) {
      at.calls /= 2;
      at.failures /= 2;
    }
    ++at.calls;
    at.failures += how == call_verdict::bad ? 1 : 0;
  }
  return true;
}

breaker_state breaker::judged(const counts& at) const noexcept {
  if (at.state == breaker_state::half_open) {
    return at.failures != 0              ? breaker_state::open
           : at.streak >= policy_.probes ? breaker_state::closed
                                         : breaker_state::half_open;
  }
  const bool in_a_row = policy_.failures != 0 && at.streak >= policy_.failures;
  const bool too_many = policy_.error_percent != 0 && at.calls >= policy_.min_calls &&
                        at.failures * 100 >= at.calls * policy_.error_percent;
  // A success never opens it: the ratio of a window may stay high for a while after a recovery.
  return in_a_row || (too_many && at.streak != 0) ? breaker_state::open : breaker_state::closed;
}

// Windows follow each other; what is counted in one is forgotten in the next.
void breaker::roll_window(std::uint64_t now_ns) noexcept {
  if (policy_.error_percent == 0) {
    return;
  }
  std::uint64_t end = window_end_ns_.load(std::memory_order_relaxed);
  if (now_ns < end || !window_end_ns_.compare_exchange_strong(
                          end, now_ns + policy_.window_ms * ns_per_ms, std::memory_order_relaxed)) {
    return;
  }
  std::uint64_t word = word_.load(std::memory_order_acquire);
  for (;;) {
    counts at = unpack(word);
    if (at.state != breaker_state::closed) {
      return;
    }
    at.calls = 0;
    at.failures = 0;
    if (word_.compare_exchange_weak(word, pack(at), std::memory_order_acq_rel,
                                    std::memory_order_acquire)) {
      return;
    }
  }
}

}  // namespace spawn
