// A circuit breaker by its own word alone: when it opens, what it lets through, when it closes.
#include <gtest/gtest.h>

#include <thread>
#include <vector>

#include "base/clock.hpp"
#include "resiliency/breaker.hpp"

namespace spawn {
namespace {

using verdict = call_verdict;

constexpr std::uint64_t t0 = 1'000 * ns_per_s;

// Lets a call through and ends it.
void call(breaker& b, verdict how, std::uint64_t now = t0) {
  const auto may = b.admit(now);
  ASSERT_TRUE(may.passes);
  b.ended(may.era, how, now);
}

void fail_times(breaker& b, int n, std::uint64_t now = t0) {
  for (int i = 0; i < n; ++i) {
    call(b, verdict::bad, now);
  }
}

TEST(breaker, opens_at_so_many_failures_in_a_row_and_not_one_before) {
  breaker b({.failures = 3});
  fail_times(b, 2);
  EXPECT_EQ(b.state(), breaker_state::closed);
  call(b, verdict::good);
  fail_times(b, 2);
  EXPECT_EQ(b.state(), breaker_state::closed) << "a success ends the row";
  fail_times(b, 1);
  EXPECT_EQ(b.state(), breaker_state::open);
  EXPECT_EQ(b.opened(), 1u);
}

TEST(breaker, what_says_nothing_about_the_host_changes_nothing) {
  breaker b({.failures = 2});
  fail_times(b, 1);
  call(b, verdict::neither);
  EXPECT_EQ(b.state(), breaker_state::closed);
  fail_times(b, 1);
  EXPECT_EQ(b.state(), breaker_state::open);
}

TEST(breaker, open_it_refuses_and_says_for_how_long) {
  breaker b({.failures = 1, .open_ms = 500});
  fail_times(b, 1);
  const auto may = b.admit(t0 + 100 * ns_per_ms);
  EXPECT_FALSE(may.passes);
  EXPECT_EQ(may.wait_ns, 400 * ns_per_ms);
}

TEST(breaker, half_open_it_lets_so_many_probes_through_and_closes_when_all_succeed) {
  breaker b({.failures = 1, .open_ms = 500, .probes = 2});
  fail_times(b, 1);
  const auto later = t0 + 500 * ns_per_ms;
  const auto first = b.admit(later);
  ASSERT_TRUE(first.passes);
  EXPECT_EQ(first.changed, breaker_state::half_open);
  const auto second = b.admit(later);
  ASSERT_TRUE(second.passes);
  EXPECT_FALSE(second.changed);
  EXPECT_FALSE(b.admit(later).passes) << "two probes, not three";
  EXPECT_FALSE(b.ended(first.era, verdict::good, later));
  EXPECT_FALSE(b.admit(later).passes);
  EXPECT_EQ(b.ended(second.era, verdict::good, later), breaker_state::closed);
  EXPECT_TRUE(b.admit(later).passes);
}

TEST(breaker, one_failed_probe_opens_it_again_for_the_whole_time) {
  breaker b({.failures = 1, .open_ms = 500, .probes = 2});
  fail_times(b, 1);
  const auto later = t0 + 600 * ns_per_ms;
  const auto probe = b.admit(later);
  EXPECT_EQ(b.ended(probe.era, verdict::bad, later), breaker_state::open);
  EXPECT_EQ(b.opened(), 2u);
  EXPECT_FALSE(b.admit(later + 499 * ns_per_ms).passes);
  EXPECT_TRUE(b.admit(later + 500 * ns_per_ms).passes);
}

TEST(breaker, a_probe_without_a_verdict_gives_its_place_to_another) {
  breaker b({.failures = 1, .open_ms = 500});
  fail_times(b, 1);
  const auto later = t0 + ns_per_s;
  const auto probe = b.admit(later);
  ASSERT_TRUE(probe.passes);
  EXPECT_FALSE(b.admit(later).passes);
  b.ended(probe.era, verdict::neither, later);
  EXPECT_TRUE(b.admit(later).passes);
}

TEST(breaker, a_call_of_an_earlier_time_counts_for_nothing) {
  breaker b({.failures = 1, .open_ms = 500});
  const auto early = b.admit(t0);
  fail_times(b, 1);
  b.ended(early.era, verdict::good, t0);
  EXPECT_EQ(b.state(), breaker_state::open);
  const auto later = t0 + ns_per_s;
  const auto probe = b.admit(later);
  b.ended(early.era, verdict::bad, later);
  EXPECT_EQ(b.state(), breaker_state::half_open) << "the probe decides";
  b.ended(probe.era, verdict::good, later);
  EXPECT_EQ(b.state(), breaker_state::closed);
}

TEST(breaker, opens_by_a_share_of_failures_once_there_are_enough_calls) {
  breaker b({.failures = 0, .error_percent = 50, .min_calls = 10, .window_ms = 1'000});
  for (int i = 0; i < 4; ++i) {
    call(b, verdict::bad);
    call(b, verdict::good);
  }
  EXPECT_EQ(b.state(), breaker_state::closed) << "eight calls are not ten";
  call(b, verdict::good);
  call(b, verdict::bad);
  EXPECT_EQ(b.state(), breaker_state::open);
}

TEST(breaker, a_share_is_of_one_window) {
  breaker b({.failures = 0, .error_percent = 50, .min_calls = 4, .window_ms = 1'000});
  fail_times(b, 3);
  fail_times(b, 3, t0 + 1'000 * ns_per_ms);
  EXPECT_EQ(b.state(), breaker_state::closed);
  fail_times(b, 1, t0 + 1'500 * ns_per_ms);
  EXPECT_EQ(b.state(), breaker_state::open);
}

TEST(breaker, counts_of_a_busy_window_do_not_overflow) {
  breaker b({.failures = 0, .error_percent = 50, .min_calls = 20});
  for (int i = 0; i < 200'000; ++i) {
    call(b, verdict::good);
  }
  fail_times(b, 1'000);
  EXPECT_EQ(b.state(), breaker_state::closed);
}

TEST(breaker, of_lanes_that_race_only_one_finds_the_probes_place) {
  breaker b({.failures = 1, .open_ms = 1, .probes = 3});
  for (std::uint64_t round = 1; round <= 200; ++round) {
    const std::uint64_t now = t0 + round * ns_per_s;
    const auto may = b.admit(now);
    b.ended(may.era, verdict::bad, now);
    ASSERT_EQ(b.state(), breaker_state::open);
    std::atomic<int> passed{0};
    std::vector<std::thread> lanes;
    for (int i = 0; i < 4; ++i) {
      lanes.emplace_back([&] {
        for (int n = 0; n < 3; ++n) {
          passed += b.admit(now + 10 * ns_per_ms).passes ? 1 : 0;
        }
      });
    }
    for (auto& lane : lanes) {
      lane.join();
    }
    ASSERT_EQ(passed, 3);
    // Back to open for the next round: one of the three failed.
    ASSERT_EQ(b.ended(may.era + 2, verdict::bad, now), breaker_state::open);
    const auto probe = b.admit(now + 100 * ns_per_ms);
    ASSERT_TRUE(probe.passes);
    for (int i = 0; i < 2; ++i) {
      ASSERT_TRUE(b.admit(now + 100 * ns_per_ms).passes);
    }
    for (int i = 0; i < 3; ++i) {
      b.ended(probe.era, verdict::good, now);
    }
    ASSERT_EQ(b.state(), breaker_state::closed);
  }
}

}  // namespace
}  // namespace spawn
