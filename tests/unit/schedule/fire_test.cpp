// Which calls a firing makes, and what is due next.
#include "support.hpp"

namespace spawn {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr std::int64_t minute = 60'000;
constexpr std::int64_t hour = 60 * minute;
constexpr std::size_t plenty = 1'000;

TEST(fire, nothing_before_it_is_due) {
  for (const auto missed : {missed_fire::once, missed_fire::skip, missed_fire::all}) {
    const auto out = fire(by_period(hour, missed), 5'000, 4'999, plenty);
    EXPECT_THAT(out.calls, IsEmpty());
    EXPECT_EQ(out.next_due, 5'000);
  }
}

TEST(fire, on_time_all_policies_do_the_same) {
  for (const auto missed : {missed_fire::once, missed_fire::skip, missed_fire::all}) {
    for (const std::int64_t late : {std::int64_t{0}, std::int64_t{1}, minute}) {
      const auto out = fire(by_period(hour, missed), 7 * hour, 7 * hour + late, plenty);
      EXPECT_THAT(out.calls, ElementsAre(7 * hour)) << name(missed) << late;
      EXPECT_EQ(out.next_due, 8 * hour);
    }
  }
}

TEST(fire, once_makes_one_call_however_many_were_missed) {
  const auto out =
      fire(by_period(hour, missed_fire::once), 7 * hour, 1'000 * hour + minute, plenty);
  EXPECT_THAT(out.calls, ElementsAre(7 * hour));
  EXPECT_EQ(out.next_due, 1'001 * hour) << "in phase";
}

TEST(fire, skip_makes_no_call_later_than_a_minute) {
  const auto spec = by_period(hour, missed_fire::skip);
  EXPECT_THAT(fire(spec, hour, hour + minute, plenty).calls, ElementsAre(hour));
  const auto late = fire(spec, hour, hour + minute + 1, plenty);
  EXPECT_THAT(late.calls, IsEmpty());
  EXPECT_EQ(late.next_due, 2 * hour);
}

TEST(fire, skip_leaves_out_what_a_later_one_has_replaced) {
  const auto spec = by_period(10'000, missed_fire::skip);
  // 20 s is missed, as 30 s has come; 30 s itself is not late.
  const auto out = fire(spec, 20'000, 39'999, plenty);
  EXPECT_THAT(out.calls, ElementsAre(30'000));
  EXPECT_EQ(out.next_due, 40'000);
  // After a night the one of this moment still runs.
  EXPECT_THAT(fire(by_period(hour, missed_fire::skip), hour, 9 * hour + 5, plenty).calls,
              ElementsAre(9 * hour));
}

TEST(fire, all_makes_each_missed_call_oldest_first) {
  const auto out = fire(by_period(hour, missed_fire::all), 3 * hour, 5 * hour + 1, plenty);
  EXPECT_THAT(out.calls, ElementsAre(3 * hour, 4 * hour, 5 * hour));
  EXPECT_EQ(out.next_due, 6 * hour);
}

TEST(fire, all_goes_on_where_it_stopped) {
  const auto spec = by_period(hour, missed_fire::all);
  const auto first = fire(spec, hour, 3 * hour, 2);
  EXPECT_THAT(first.calls, ElementsAre(hour, 2 * hour));
  EXPECT_EQ(first.next_due, 3 * hour) << "due already, not made yet";
  const auto second = fire(spec, first.next_due, 3 * hour, 2);
  EXPECT_THAT(second.calls, ElementsAre(3 * hour));
  EXPECT_EQ(second.next_due, 4 * hour);
}

TEST(fire, exactly_as_many_as_allowed_leaves_nothing_behind) {
  const auto out = fire(by_period(hour, missed_fire::all), hour, 2 * hour, 2);
  EXPECT_EQ(out.calls.size(), 2u);
  EXPECT_EQ(out.next_due, 3 * hour);
}

TEST(fire, none_allowed_changes_nothing) {
  for (const auto missed : {missed_fire::once, missed_fire::skip, missed_fire::all}) {
    const auto out = fire(by_period(hour, missed), hour, 5 * hour, 0);
    EXPECT_THAT(out.calls, IsEmpty());
    EXPECT_EQ(out.next_due, hour);
  }
}

TEST(fire, ten_years_of_seconds_take_no_steps) {
  constexpr std::int64_t due = 1'700'000'000'123;
  constexpr std::int64_t now = due + 10ll * 365 * 86'400'000 + 400;
  const auto once = fire(by_period(1'000, missed_fire::once), due, now, plenty);
  EXPECT_THAT(once.calls, ElementsAre(due));
  EXPECT_EQ(once.next_due, now + 600);
  const auto skip = fire(by_period(1'000, missed_fire::skip), due, now, plenty);
  EXPECT_THAT(skip.calls, ElementsAre(now - 400));
  EXPECT_EQ(skip.next_due, now + 600);
  const auto all = fire(by_period(1'000, missed_fire::all), due, now, 3);
  EXPECT_THAT(all.calls, ElementsAre(due, due + 1'000, due + 2'000));
  EXPECT_EQ(all.next_due, due + 3'000);
}

TEST(fire, expressions_with_each_policy) {
  // Nightly at 03:00, down from Monday to Thursday noon.
  const auto due = utc("2024-05-06 03:00");
  const auto now = utc("2024-05-09 12:00");
  const auto after = utc("2024-05-10 03:00");
  const auto once = fire(by_cron("0 3 * * *", missed_fire::once), due, now, plenty);
  EXPECT_THAT(once.calls, ElementsAre(due));
  EXPECT_EQ(once.next_due, after);
  const auto skip = fire(by_cron("0 3 * * *", missed_fire::skip), due, now, plenty);
  EXPECT_THAT(skip.calls, IsEmpty());
  EXPECT_EQ(skip.next_due, after);
  const auto all = fire(by_cron("0 3 * * *", missed_fire::all), due, now, plenty);
  EXPECT_THAT(all.calls, ElementsAre(due, utc("2024-05-07 03:00"), utc("2024-05-08 03:00"),
                                     utc("2024-05-09 03:00")));
  EXPECT_EQ(all.next_due, after);
}

TEST(fire, expressions_of_seconds_after_years) {
  const auto spec = by_cron("*/2 * * * * *", missed_fire::skip);
  const auto out = fire(spec, utc("2014-05-06 03:00"), utc("2024-05-06 03:00:01"), plenty);
  EXPECT_THAT(out.calls, ElementsAre(utc("2024-05-06 03:00")));
  EXPECT_EQ(out.next_due, utc("2024-05-06 03:00:02"));
  EXPECT_THAT(fire(spec, utc("2024-05-06 02:59:58"), utc("2024-05-06 02:59:59"), plenty).calls,
              ElementsAre(utc("2024-05-06 02:59:58")));
}

TEST(fire, an_expression_a_minute_late_is_not_missed) {
  const auto spec = by_cron("0 * * * *", missed_fire::skip);
  const auto due = utc("2024-05-06 03:00");
  EXPECT_THAT(fire(spec, due, due + minute, plenty).calls, ElementsAre(due));
  EXPECT_THAT(fire(spec, due, due + minute + 1, plenty).calls, IsEmpty());
  EXPECT_THAT(fire(spec, due, due + hour + minute, plenty).calls, ElementsAre(due + hour));
}

TEST(fire, a_night_with_a_change_of_the_clocks_has_one_call) {
  const auto spec = by_cron("30 2 * * *", missed_fire::all, "Europe/Berlin");
  const auto forward = fire(spec, utc("2024-03-30 01:30"), utc("2024-04-01 12:00"), plenty);
  EXPECT_EQ(forward.calls.size(), 3u);
  const auto back = fire(spec, utc("2024-10-26 00:30"), utc("2024-10-28 12:00"), plenty);
  EXPECT_EQ(back.calls.size(), 3u);
}

}  // namespace
}  // namespace spawn
