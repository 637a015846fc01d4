#include "fetch_plan.hpp"

#include <gtest/gtest.h>

namespace {

using rabbitmq::fetch_plan;

fetch_plan::step next(fetch_plan& plan, std::uint32_t wanted, std::size_t held = 0,
                      std::uint32_t stuck = 0, bool quiet = false, bool may_replace = true) {
  return plan.next({wanted, held, stuck, may_replace, quiet});
}

TEST(fetch_plan, nothing_is_fetched_at_a_window_of_zero) {
  fetch_plan plan;
  const auto first = next(plan, 0);
  EXPECT_FALSE(first.cancel);
  EXPECT_EQ(first.consume, 0);
  EXPECT_EQ(next(plan, 5).consume, 5);
  const auto closed = next(plan, 0);
  EXPECT_TRUE(closed.cancel);
  EXPECT_EQ(closed.consume, 0);
  EXPECT_FALSE(plan.consuming());
}

TEST(fetch_plan, the_same_window_changes_nothing) {
  fetch_plan plan;
  (void)next(plan, 100);
  for (const bool quiet : {false, true}) {
    const auto step = next(plan, 100, 0, 0, quiet);
    EXPECT_FALSE(step.cancel);
    EXPECT_EQ(step.consume, 0);
  }
}

TEST(fetch_plan, a_large_move_is_followed_at_once_and_a_small_one_when_it_is_quiet) {
  for (const std::uint32_t to : {95u, 105u, 20u, 400u}) {
    fetch_plan plan;
    (void)next(plan, 100);
    const bool large = to == 20 || to == 400;
    EXPECT_EQ(next(plan, to).cancel, large) << to;
    if (!large) {
      const auto later = next(plan, to, 0, 0, true);
      EXPECT_TRUE(later.cancel);
      EXPECT_EQ(later.consume, to);
    }
  }
}

TEST(fetch_plan, there_is_no_new_consumer_while_messages_wait_here) {
  fetch_plan plan;
  (void)next(plan, 10);
  const auto lower = next(plan, 2, 6);
  EXPECT_TRUE(lower.cancel);
  EXPECT_EQ(lower.consume, 0);
  EXPECT_EQ(next(plan, 2, 1).consume, 0);
  EXPECT_EQ(next(plan, 2, 0).consume, 2);
  EXPECT_FALSE(next(plan, 50, 1).cancel) << "more is not needed while some are here";
  EXPECT_EQ(next(plan, 50, 0).consume, 50);
}

TEST(fetch_plan, what_waits_for_its_next_try_is_made_up_for_within_a_bound) {
  fetch_plan plan;
  (void)next(plan, 8);
  EXPECT_FALSE(next(plan, 8, 0, 1).cancel);
  EXPECT_FALSE(next(plan, 8, 0, 8, true, false).cancel);
  const auto more = next(plan, 8, 0, 8);
  EXPECT_TRUE(more.cancel);
  EXPECT_EQ(more.consume, 8);
}

TEST(fetch_plan, a_window_beyond_what_amqp_can_say_is_cut) {
  fetch_plan plan;
  EXPECT_EQ(next(plan, 1'000'000).consume, 65'535);
  EXPECT_FALSE(next(plan, 2'000'000, 0, 0, true).cancel);
}

TEST(fetch_plan, after_a_lost_session_it_begins_anew) {
  fetch_plan plan;
  (void)next(plan, 10);
  plan.forget();
  const auto step = next(plan, 10);
  EXPECT_FALSE(step.cancel);
  EXPECT_EQ(step.consume, 10);
}

}  // namespace
