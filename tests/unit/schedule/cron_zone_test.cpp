// Expressions where the clocks change.
#include "support.hpp"

namespace spawn {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

TEST(cron_zone, an_unknown_zone_is_named) {
  for (const auto* name : {"Europe/Atlantis", "", "europe/paris", "../passwd", "UTC+1"}) {
    const auto found = time_zone::find(name);
    ASSERT_FALSE(found) << name;
    EXPECT_EQ(found.error().code, errc::invalid);
    EXPECT_THAT(found.error().text,
                AllOf(HasSubstr("'" + std::string(name) + "'"), HasSubstr("tzdata")));
  }
}

TEST(cron_zone, utc_is_always_there) {
  EXPECT_EQ(next("0 3 * * *", "2024-03-31 00:00", "UTC"), "2024-03-31 03:00:00");
  EXPECT_EQ(next("0 3 * * *", "2024-03-31 00:00", "Etc/UTC"), "2024-03-31 03:00:00");
}

TEST(cron_zone, local_time_of_the_season) {
  EXPECT_EQ(next("0 3 * * *", "2024-01-15 00:00", "Europe/Berlin"), "2024-01-15 02:00:00");
  EXPECT_EQ(next("0 3 * * *", "2024-07-15 00:00", "Europe/Berlin"), "2024-07-15 01:00:00");
  EXPECT_EQ(next("0 3 * * *", "2024-01-15 00:00", "America/New_York"), "2024-01-15 08:00:00");
  EXPECT_EQ(next("0 3 * * *", "2024-07-15 00:00", "America/New_York"), "2024-07-15 07:00:00");
  EXPECT_EQ(next("0 0 * * *", "2024-07-15 00:00", "Asia/Kathmandu"), "2024-07-15 18:15:00");
}

// 2024-03-31 01:00 UTC: 02:00 becomes 03:00.
TEST(cron_zone, berlin_goes_forward) {
  EXPECT_THAT(series("30 2 * * *", "2024-03-30 00:00", 3, "Europe/Berlin"),
              ElementsAre("2024-03-30 01:30:00", "2024-03-31 01:00:00", "2024-04-01 00:30:00"));
  EXPECT_THAT(series("*/30 * * * *", "2024-03-31 00:00", 4, "Europe/Berlin"),
              ElementsAre("2024-03-31 00:30:00", "2024-03-31 01:00:00", "2024-03-31 01:30:00",
                          "2024-03-31 02:00:00"));
  // 02:30 and 03:00 are the same moment: one call.
  EXPECT_THAT(series("30 2,3 * * *", "2024-03-31 00:00", 3, "Europe/Berlin"),
              ElementsAre("2024-03-31 01:00:00", "2024-03-31 01:30:00", "2024-04-01 00:30:00"));
  EXPECT_THAT(series("0 3 * * *", "2024-03-31 00:00", 2, "Europe/Berlin"),
              ElementsAre("2024-03-31 01:00:00", "2024-04-01 01:00:00"));
}

// 2024-10-27 01:00 UTC: 03:00 becomes 02:00.
TEST(cron_zone, berlin_goes_back) {
  EXPECT_THAT(series("30 2 * * *", "2024-10-26 12:00", 2, "Europe/Berlin"),
              ElementsAre("2024-10-27 00:30:00", "2024-10-28 01:30:00"));
  EXPECT_THAT(series("*/30 * * * *", "2024-10-26 23:45", 4, "Europe/Berlin"),
              ElementsAre("2024-10-27 00:00:00", "2024-10-27 00:30:00", "2024-10-27 02:00:00",
                          "2024-10-27 02:30:00"));
  // Asked during the second 02:30.
  EXPECT_EQ(next("45 2 * * *", "2024-10-27 01:30", "Europe/Berlin"), "2024-10-28 01:45:00");
  EXPECT_EQ(next("* * * * * *", "2024-10-27 01:30", "Europe/Berlin"), "2024-10-27 02:00:00");
  EXPECT_EQ(next("0 3 * * *", "2024-10-27 00:59", "Europe/Berlin"), "2024-10-27 02:00:00");
}

// 2024-03-10 07:00 UTC: 02:00 becomes 03:00. 2024-11-03 06:00 UTC: 02:00 becomes 01:00.
TEST(cron_zone, new_york_both_ways) {
  EXPECT_THAT(series("15 2 * * *", "2024-03-09 00:00", 3, "America/New_York"),
              ElementsAre("2024-03-09 07:15:00", "2024-03-10 07:00:00", "2024-03-11 06:15:00"));
  EXPECT_THAT(series("15 1 * * *", "2024-11-02 00:00", 3, "America/New_York"),
              ElementsAre("2024-11-02 05:15:00", "2024-11-03 05:15:00", "2024-11-04 06:15:00"));
  EXPECT_THAT(series("0 * * * *", "2024-11-03 04:30", 3, "America/New_York"),
              ElementsAre("2024-11-03 05:00:00", "2024-11-03 07:00:00", "2024-11-03 08:00:00"));
}

TEST(cron_zone, changes_of_other_sizes) {
  // Lord Howe Island moves by half an hour: 2024-10-05 15:30 UTC, 02:00 becomes 02:30.
  EXPECT_EQ(next("15 2 * * *", "2024-10-05 15:00", "Australia/Lord_Howe"), "2024-10-05 15:30:00");
  // Samoa had no 30 December 2011.
  EXPECT_THAT(series("0 12 * * *", "2011-12-29 12:00", 3, "Pacific/Apia"),
              ElementsAre("2011-12-29 22:00:00", "2011-12-30 10:00:00", "2011-12-30 22:00:00"));
  // Sao Paulo's midnight of 2018-11-04 did not exist.
  EXPECT_EQ(next("0 0 * * *", "2018-11-03 12:00", "America/Sao_Paulo"), "2018-11-04 03:00:00");
}

TEST(cron_zone, local_midnight_decides_the_day) {
  // 23:30 UTC on the last of April is the first of May in Berlin.
  EXPECT_EQ(next("30 1 1 * *", "2024-04-30 12:00", "Europe/Berlin"), "2024-04-30 23:30:00");
  EXPECT_EQ(next("0 0 L * *", "2024-02-28 12:00", "Asia/Tokyo"), "2024-02-28 15:00:00");
}

}  // namespace
}  // namespace spawn
