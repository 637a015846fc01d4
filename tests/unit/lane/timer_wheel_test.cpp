// The timer wheel against a list that is sorted by hand.
#include "lane/timer_wheel.hpp"

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <vector>

#include "base/clock.hpp"
#include "base/random.hpp"

namespace spawn {
namespace {

constexpr std::uint64_t start_ms = 1'234'567;

struct probe : timer {
  std::vector<probe*>* fired = nullptr;
  probe() {
    fire = [](timer& t) {
      auto& self = static_cast<probe&>(t);
      self.fired->push_back(&self);
    };
  }
};

TEST(timer_wheel, fires_nothing_early_and_nothing_late_whatever_is_armed_and_cancelled) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    random rng(seed);
    timer_wheel wheel(start_ms * ns_per_ms);
    std::vector<probe*> fired;
    std::vector<std::unique_ptr<probe>> probes;
    for (int i = 0; i < 200; ++i) {
      probes.push_back(std::make_unique<probe>());
      probes.back()->fired = &fired;
    }
    std::map<probe*, std::uint64_t> due;  // the reference
    std::uint64_t now_ms = start_ms;
    for (int step = 0; step < 3'000; ++step) {
      probe* p = probes[rng.below(probes.size())].get();
      switch (rng.below(4)) {
        case 0:
          timer_wheel::cancel(*p);
          due.erase(p);
          break;
        case 1: {
          // Up to 2^44 ms ahead: beyond the wheel's horizon; and the past.
          const std::uint64_t ahead = rng.next() >> (20 + rng.below(44));
          const std::uint64_t at = rng.one_in(10) ? now_ms - rng.below(1'000) : now_ms + ahead;
          wheel.arm(*p, at * ns_per_ms);
          due[p] = at;
          break;
        }
        default: {
          // Within half of the 2^40 ms (34 years of uptime) that the wheel is made for.
          std::uint64_t ahead = rng.next() >> (24 + rng.below(40));
          ahead = now_ms + ahead < (std::uint64_t{1} << 39) ? ahead : 1;
          now_ms += ahead;
          fired.clear();
          wheel.advance(now_ms * ns_per_ms);
          for (probe* f : fired) {
            ASSERT_TRUE(due.contains(f)) << "fired without being armed, seed " << seed;
            ASSERT_LE(due[f], now_ms) << "fired early, seed " << seed;
            due.erase(f);
          }
          for (const auto& [left, at] : due) {
            // One that was armed for the past, or for this very tick, fires with the next tick.
            ASSERT_TRUE(at > now_ms || ahead == 0 || left->is_linked()) << "lost, seed " << seed;
            ASSERT_TRUE(at > now_ms || ahead == 0) << "late, seed " << seed;
          }
          break;
        }
      }
      const auto next = wheel.next_ns();
      ASSERT_TRUE(next.has_value() || due.empty()) << "armed, but no wake-up, seed " << seed;
      for (const auto& [armed, at] : due) {
        ASSERT_LE(*next, std::max(at, now_ms + 1) * ns_per_ms) << "wakes too late, seed " << seed;
      }
    }
  }
}

TEST(timer_wheel, fires_those_of_one_millisecond_in_the_order_in_which_they_were_armed) {
  timer_wheel wheel(0);
  std::vector<probe*> fired;
  probe a;
  probe b;
  probe c;
  for (probe* p : {&b, &a, &c}) {
    p->fired = &fired;
    wheel.arm(*p, 70'000 * ns_per_ms);
  }
  wheel.advance(70'000 * ns_per_ms);
  EXPECT_EQ(fired, (std::vector<probe*>{&b, &a, &c}));
}

TEST(timer_wheel, never_fires_within_the_millisecond_before_its_time) {
  timer_wheel wheel(0);
  std::vector<probe*> fired;
  probe p;
  p.fired = &fired;
  wheel.arm(p, 5 * ns_per_ms + 1);
  wheel.advance(5 * ns_per_ms + 999'999);
  EXPECT_TRUE(fired.empty());
  wheel.advance(6 * ns_per_ms);
  EXPECT_EQ(fired.size(), 1u);
}

TEST(timer_wheel, can_be_armed_again_by_the_timer_that_fires) {
  struct periodic : timer {
    timer_wheel* wheel = nullptr;
    int count = 0;
  };
  timer_wheel wheel(0);
  periodic p;
  p.wheel = &wheel;
  p.fire = [](timer& t) {
    auto& self = static_cast<periodic&>(t);
    ++self.count;
    self.wheel->arm(self, (self.due_ms + 10) * ns_per_ms);
  };
  wheel.arm(p, 10 * ns_per_ms);
  wheel.advance(1'000 * ns_per_ms);
  EXPECT_EQ(p.count, 100);
}

TEST(timer_wheel, forgets_a_timer_that_was_destroyed) {
  timer_wheel wheel(0);
  std::vector<probe*> fired;
  {
    probe p;
    p.fired = &fired;
    wheel.arm(p, 10 * ns_per_ms);
  }
  wheel.advance(20 * ns_per_ms);
  EXPECT_TRUE(fired.empty());
  EXPECT_FALSE(wheel.next_ns().has_value());
}

}  // namespace
}  // namespace spawn
