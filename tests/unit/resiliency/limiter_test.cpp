// Tokens and places, with a made-up clock.
#include <gtest/gtest.h>

#include <thread>
#include <vector>

#include "base/clock.hpp"
#include "resiliency/limiter.hpp"

namespace spawn {
namespace {

constexpr std::uint64_t t0 = 1'000 * ns_per_s;

TEST(rate_limit, lets_a_burst_through_and_then_one_per_interval) {
  rate_limit r(10, 3);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(r.take(t0), 0u) << i;
  }
  EXPECT_EQ(r.take(t0), 100 * ns_per_ms) << "the fourth is one too many";
  EXPECT_EQ(r.take(t0 + 99 * ns_per_ms), 1 * ns_per_ms);
  EXPECT_EQ(r.take(t0 + 100 * ns_per_ms), 0u);
  EXPECT_NE(r.take(t0 + 100 * ns_per_ms), 0u);
}

TEST(rate_limit, a_pause_gives_back_no_more_than_a_burst) {
  rate_limit r(10, 2);
  EXPECT_EQ(r.take(t0), 0u);
  const auto later = t0 + 3'600 * ns_per_s;
  EXPECT_EQ(r.take(later), 0u);
  EXPECT_EQ(r.take(later), 0u);
  EXPECT_NE(r.take(later), 0u);
}

TEST(rate_limit, one_in_a_thousand_seconds_is_a_rate_too) {
  rate_limit r(0.001, 1);
  EXPECT_EQ(r.take(t0), 0u);
  EXPECT_EQ(r.take(t0), 1'000 * ns_per_s);
}

TEST(rate_limit, a_clock_of_another_lane_that_is_a_little_behind_does_no_harm) {
  rate_limit r(1'000, 1);
  EXPECT_EQ(r.take(t0), 0u);
  EXPECT_EQ(r.take(t0 - 100), ns_per_ms + 100);
}

TEST(slot_limit, so_many_places_and_not_one_more) {
  slot_limit s(2, 1);
  EXPECT_TRUE(s.try_take());
  EXPECT_TRUE(s.try_take());
  EXPECT_FALSE(s.try_take());
  EXPECT_FALSE(s.give_back()) << "nobody waits";
  EXPECT_TRUE(s.try_take());
  EXPECT_EQ(s.taken(), 2u);
}

TEST(slot_limit, a_place_given_back_names_a_lane_that_waits_and_lanes_take_turns) {
  slot_limit s(1, 4);
  ASSERT_TRUE(s.try_take());
  s.set_waiting(1, true);
  s.set_waiting(3, true);
  const auto first = s.give_back();
  ASSERT_TRUE(s.try_take());
  const auto second = s.give_back();
  ASSERT_TRUE(first && second);
  EXPECT_NE(*first, *second);
  EXPECT_TRUE((*first == 1 && *second == 3) || (*first == 3 && *second == 1));
}

TEST(slot_limit, who_waits_while_a_place_is_free) {
  slot_limit s(1, 2);
  s.set_waiting(1, true);
  EXPECT_EQ(s.who_waits(), 1u);
  ASSERT_TRUE(s.try_take());
  EXPECT_FALSE(s.who_waits()) << "none is free";
  s.set_waiting(1, false);
  EXPECT_FALSE(s.give_back());
}

TEST(slot_limit, a_lane_that_announced_itself_is_never_forgotten) {
  // The look after the announcement and the look after a place was given back cannot both miss.
  for (int round = 0; round < 2'000; ++round) {
    slot_limit s(1, 2);
    ASSERT_TRUE(s.try_take());
    bool told = false;
    bool found = false;
    std::thread owner([&] { told = s.give_back().has_value(); });
    s.set_waiting(1, true);
    found = s.try_take();
    owner.join();
    ASSERT_TRUE(told || found);
  }
}

}  // namespace
}  // namespace spawn
