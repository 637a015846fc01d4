// Which moments an expression names, in UTC.
#include "support.hpp"

namespace spawn {
namespace {

using testing::ElementsAre;

TEST(cron, is_strictly_after) {
  EXPECT_EQ(next("0 3 * * *", "2024-05-01 02:59:59"), "2024-05-01 03:00:00");
  EXPECT_EQ(next("0 3 * * *", "2024-05-01 03:00:00"), "2024-05-02 03:00:00");
  const auto after = expression("* * * * * *").next_after(utc("2024-05-01 00:00") + 1, time_zone());
  EXPECT_EQ(after, utc("2024-05-01 00:00:01"));
  const auto before =
      expression("* * * * * *").next_after(utc("2024-05-01 00:00") - 1, time_zone());
  EXPECT_EQ(before, utc("2024-05-01 00:00:00"));
}

TEST(cron, five_fields_run_at_second_0_and_six_at_their_second) {
  EXPECT_EQ(next("* * * * *", "2024-05-01 10:00:30"), "2024-05-01 10:01:00");
  EXPECT_THAT(series("*/20 59 23 * * *", "2024-05-01 23:59:30", 3),
              ElementsAre("2024-05-01 23:59:40", "2024-05-02 23:59:00", "2024-05-02 23:59:20"));
  EXPECT_THAT(series("30 0 12 * * *", "2024-05-01 12:00:30", 1),
              ElementsAre("2024-05-02 12:00:30"));
}

TEST(cron, lists_ranges_and_steps) {
  EXPECT_THAT(series("5,10-12,50/5 8-10/2 * * *", "2024-05-01 08:11:30", 5),
              ElementsAre("2024-05-01 08:12:00", "2024-05-01 08:50:00", "2024-05-01 08:55:00",
                          "2024-05-01 10:05:00", "2024-05-01 10:10:00"));
  EXPECT_THAT(series("*/25 * * * *", "2024-05-01 00:00", 3),
              ElementsAre("2024-05-01 00:25:00", "2024-05-01 00:50:00", "2024-05-01 01:00:00"));
}

TEST(cron, days_of_the_week_have_numbers_and_names) {
  // 2024-05-01 is a Wednesday.
  for (const auto* sunday : {"0", "7", "sun", "SUN", "7-7", "sun-sun"}) {
    EXPECT_EQ(next(std::string("0 0 * * ") + sunday, "2024-05-01 00:00"), "2024-05-05 00:00:00")
        << sunday;
  }
  EXPECT_THAT(series("0 0 * * fri-sun", "2024-05-01 00:00", 4),
              ElementsAre("2024-05-03 00:00:00", "2024-05-04 00:00:00", "2024-05-05 00:00:00",
                          "2024-05-10 00:00:00"));
  EXPECT_THAT(series("0 0 * * 5-7", "2024-05-04 00:00", 2),
              ElementsAre("2024-05-05 00:00:00", "2024-05-10 00:00:00"));
  EXPECT_THAT(series("0 0 * * Sun-Tue", "2024-05-05 12:00", 3),
              ElementsAre("2024-05-06 00:00:00", "2024-05-07 00:00:00", "2024-05-12 00:00:00"));
  EXPECT_THAT(series("0 0 * * */3", "2024-05-01 12:00", 3),
              ElementsAre("2024-05-04 00:00:00", "2024-05-05 00:00:00", "2024-05-08 00:00:00"));
}

TEST(cron, months_have_numbers_and_names) {
  EXPECT_THAT(series("0 0 1 jan,JUL *", "2024-05-01 00:00", 2),
              ElementsAre("2024-07-01 00:00:00", "2025-01-01 00:00:00"));
  EXPECT_THAT(series("0 0 1 10-dec/2 *", "2024-05-01 00:00", 3),
              ElementsAre("2024-10-01 00:00:00", "2024-12-01 00:00:00", "2025-10-01 00:00:00"));
}

TEST(cron, either_day_suffices_if_both_are_restricted) {
  // The 13th, and each Friday.
  EXPECT_THAT(series("0 0 13 * fri", "2024-05-01 00:00", 4),
              ElementsAre("2024-05-03 00:00:00", "2024-05-10 00:00:00", "2024-05-13 00:00:00",
                          "2024-05-17 00:00:00"));
  EXPECT_EQ(next("0 0 13 * *", "2024-05-01 00:00"), "2024-05-13 00:00:00");
  EXPECT_EQ(next("0 0 * * fri", "2024-05-01 00:00"), "2024-05-03 00:00:00");
  EXPECT_EQ(next("0 0 31 2 mon", "2024-05-01 00:00"), "2025-02-03 00:00:00");
}

TEST(cron, days_that_a_month_has_not_are_left_out) {
  EXPECT_THAT(series("0 0 31 * *", "2024-01-31 00:00", 3),
              ElementsAre("2024-03-31 00:00:00", "2024-05-31 00:00:00", "2024-07-31 00:00:00"));
  EXPECT_THAT(series("0 0 30 1-3 *", "2024-01-30 00:00", 2),
              ElementsAre("2024-03-30 00:00:00", "2025-01-30 00:00:00"));
}

TEST(cron, leap_days) {
  EXPECT_THAT(series("0 12 29 2 *", "2024-01-01 00:00", 3),
              ElementsAre("2024-02-29 12:00:00", "2028-02-29 12:00:00", "2032-02-29 12:00:00"));
  EXPECT_EQ(next("0 0 29 2 *", "2096-02-29 00:00"), "2104-02-29 00:00:00");
  EXPECT_EQ(next("0 0 29 2 *", "1999-03-01 00:00"), "2000-02-29 00:00:00");
}

TEST(cron, the_last_day_of_the_month) {
  EXPECT_THAT(series("0 0 L * *", "2023-12-31 12:00", 4),
              ElementsAre("2024-01-31 00:00:00", "2024-02-29 00:00:00", "2024-03-31 00:00:00",
                          "2024-04-30 00:00:00"));
  EXPECT_THAT(series("0 0 15,l 2 *", "2025-01-01 00:00", 2),
              ElementsAre("2025-02-15 00:00:00", "2025-02-28 00:00:00"));
}

TEST(cron, years_and_days_end) {
  EXPECT_EQ(next("59 59 23 31 12 *", "2024-12-31 23:59:59"), "2025-12-31 23:59:59");
  EXPECT_EQ(next("0 0 * * *", "2024-12-31 23:59:59"), "2025-01-01 00:00:00");
  EXPECT_EQ(next("59 23 * * *", "2024-02-28 23:59"), "2024-02-29 23:59:00");
}

TEST(cron, before_1970_too) {
  EXPECT_EQ(next("0 0 1 1 *", "1965-06-01 00:00"), "1966-01-01 00:00:00");
  EXPECT_EQ(expression("* * * * * *").next_after(-1, time_zone()), 0);
}

TEST(cron, nothing_beyond_the_calendar) {
  EXPECT_EQ(expression("* * * * *").next_after(INT64_MAX, time_zone()), std::nullopt);
  EXPECT_EQ(expression("* * * * *").next_after(INT64_MIN, time_zone()), std::nullopt);
  EXPECT_EQ(cron().next_after(0, time_zone()), std::nullopt);
}

}  // namespace
}  // namespace spawn
