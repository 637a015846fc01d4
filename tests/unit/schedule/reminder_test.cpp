// What a reminder is: its fields, its text, its due times.
#include "support.hpp"

namespace spawn {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

reminder_spec tick() {
  reminder_spec out;
  out.name = "tick";
  out.action = "refresh";
  out.every_ms = 900'000;
  return out;
}

std::string refusal(reminder_spec raw) {
  const auto made = prepare(std::move(raw));
  EXPECT_FALSE(made);
  return made ? "" : made.error().text;
}

TEST(reminder, every_field_is_checked_and_named) {
  auto raw = tick();
  raw.name = "";
  EXPECT_THAT(refusal(raw), StartsWith("name: expected 1 to 128 bytes"));
  raw.name = std::string(128, 'n');
  EXPECT_TRUE(prepare(raw));
  raw.name += "n";
  EXPECT_THAT(refusal(raw), StartsWith("name: "));
  raw.name = "a\nb";
  EXPECT_THAT(refusal(raw), StartsWith("name: "));
  raw.name = "\xff";
  EXPECT_THAT(refusal(raw), StartsWith("name: "));
  raw = tick();
  raw.action = "";
  EXPECT_THAT(refusal(raw), StartsWith("action: expected 1 to 512 bytes"));
  raw = tick();
  raw.cron = "* * * * *";
  EXPECT_THAT(refusal(raw), HasSubstr("either cron or every, and not both"));
  raw.every_ms = 0;
  EXPECT_TRUE(prepare(raw));
  raw.zone = "Mars/Olympus";
  EXPECT_THAT(refusal(raw), StartsWith("time_zone: there is no time zone named 'Mars/Olympus'"));
  raw.zone = "UTC";
  raw.cron = "99 * * * *";
  EXPECT_THAT(refusal(raw), StartsWith("cron: field minute: \"99\""));
  raw.cron = "";
  EXPECT_THAT(refusal(raw), HasSubstr("either cron or every"));
}

TEST(reminder, a_period_is_from_a_second_to_ten_years) {
  auto raw = tick();
  for (const auto& [every, ok] : std::vector<std::pair<std::uint64_t, bool>>{
           {999, false}, {1'000, true}, {315'360'000'000, true}, {315'360'000'001, false}}) {
    raw.every_ms = every;
    const auto made = prepare(raw);
    EXPECT_EQ(made.has_value(), ok) << every;
    if (!made) {
      EXPECT_THAT(made.error().text, HasSubstr("every: expected a period from 1s to 3650d"));
    }
  }
}

TEST(reminder, periods_as_people_write_them) {
  EXPECT_EQ(parse_period("1s"), 1'000u);
  EXPECT_EQ(parse_period("90s"), 90'000u);
  EXPECT_EQ(parse_period("15m"), 900'000u);
  EXPECT_EQ(parse_period("36h"), 129'600'000u);
  EXPECT_EQ(parse_period("3650d"), reminder_every_ms_max);
  for (const auto* text : {"", "s", "15", "15 m", "m15", "-1s", "1.5h", "15M", "1w", "1ms", " 1s",
                           "99999999999999999999s"}) {
    const auto made = parse_period(text);
    ASSERT_FALSE(made) << text;
    EXPECT_THAT(made.error().text, HasSubstr("\"" + std::string(text) + "\""));
  }
  for (const auto* text : {"0s", "0d", "3651d", "18446744073709551615d"}) {
    const auto made = parse_period(text);
    ASSERT_FALSE(made) << text;
    EXPECT_THAT(made.error().text, StartsWith("expected a period from 1s to 3650d")) << text;
  }
}

TEST(reminder, words_of_the_missed_policy) {
  for (const auto each : {missed_fire::once, missed_fire::skip, missed_fire::all}) {
    EXPECT_EQ(missed_fire_of(name(each)), each);
  }
  EXPECT_EQ(missed_fire_of("ones"), std::nullopt);
}

TEST(reminder, its_text_says_all_and_stays_the_same) {
  auto raw = tick();
  EXPECT_EQ(to_text(prepared(raw)), "name tick\naction refresh\nevery_ms 900000\nmissed once");
  raw.every_ms = 0;
  raw.cron = "0  3 * * MON";
  raw.zone = "Europe/Paris";
  raw.missed = missed_fire::all;
  raw.payload_any = "abc";
  EXPECT_EQ(to_text(prepared(raw)),
            "name tick\naction refresh\ncron 0 3 * * mon\nzone Europe/Paris\nmissed all\n"
            "payload 3 309a1f0f4a789f09");
}

TEST(reminder, its_text_changes_with_every_field) {
  const std::string before = to_text(by_cron("0 3 * * *", missed_fire::once, "Europe/Paris"));
  EXPECT_NE(to_text(by_cron("1 3 * * *", missed_fire::once, "Europe/Paris")), before);
  EXPECT_NE(to_text(by_cron("0 3 * * *", missed_fire::skip, "Europe/Paris")), before);
  EXPECT_NE(to_text(by_cron("0 3 * * *", missed_fire::once, "Europe/Rome")), before);
  EXPECT_EQ(to_text(by_cron(" 0 3  * * *", missed_fire::once, "Europe/Paris")), before);
  auto other = by_cron("0 3 * * *", missed_fire::once, "Europe/Paris");
  other.action = "other";
  EXPECT_NE(to_text(other), before);
  other = by_cron("0 3 * * *", missed_fire::once, "Europe/Paris");
  other.payload_any = "x";
  EXPECT_NE(to_text(other), before);
}

TEST(reminder, a_period_begins_when_it_is_armed_and_keeps_its_phase) {
  const auto spec = by_period(10'000, missed_fire::once);
  EXPECT_EQ(first_due(spec, 1'234), 11'234);
  EXPECT_EQ(next_due(spec, 11'234, 11'234), 21'234);
  EXPECT_EQ(next_due(spec, 11'234, 11'300), 21'234);
  EXPECT_EQ(next_due(spec, 11'234, 21'233), 21'234);
  EXPECT_EQ(next_due(spec, 11'234, 21'234), 31'234);
  EXPECT_EQ(next_due(spec, 11'234, 0), 21'234) << "the clock went back";
  EXPECT_EQ(next_due(spec, reminder_never_ms - 1, 0), reminder_never_ms);
}

TEST(reminder, an_expression_is_due_by_the_clocks_of_its_zone) {
  const auto spec = by_cron("0 3 * * *", missed_fire::once, "Europe/Paris");
  EXPECT_EQ(shown(first_due(spec, utc("2024-07-01 12:00"))), "2024-07-02 01:00:00");
  EXPECT_EQ(shown(next_due(spec, utc("2024-07-02 01:00"), utc("2024-07-02 01:00:01"))),
            "2024-07-03 01:00:00");
  EXPECT_EQ(next_due(spec, INT64_MAX, 0), reminder_never_ms);
}

}  // namespace
}  // namespace spawn
