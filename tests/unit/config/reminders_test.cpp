// Reminders of actor types.
#include "support.hpp"

namespace spawn::config {
namespace {

using testing::AllOf;
using testing::HasSubstr;

// A type with one reminder.
std::string with(const std::string& reminder) {
  return "actors:\n  Billing:\n    reminders:\n      - {" + reminder + "}\n";
}

TEST(reminder_settings, every_key_reaches_its_field) {
  const auto s = good(
      "actors:\n"
      "  Billing:\n"
      "    reminders:\n"
      "      - {name: nightly, action: close_day, cron: \"0  3 * * MON\", time_zone: "
      "Europe/Paris,\n"
      "         missed: all, payload: {depth: 1, tags: [a, null]}}\n"
      "      - {name: tick, action: refresh, every: 15m}\n");
  const auto& reminders = s.rule_for("Billing")->reminders;
  ASSERT_EQ(reminders.size(), 2u);
  EXPECT_EQ(reminders[0],
            (reminder_settings{"nightly", "close_day", "0 3 * * mon", 0, "Europe/Paris",
                               missed_fire::all, R"({"depth":1,"tags":["a",null]})", false}));
  EXPECT_EQ(reminders[1], (reminder_settings{"tick", "refresh", "", 900'000, "UTC",
                                             missed_fire::once, "", false}));
}

TEST(reminder_settings, a_payload_is_an_object_a_list_or_text) {
  const auto payload = [](const std::string& text) {
    return good(with("name: a, action: b, every: 1h, payload: " + text))
        .rule_for("Billing")
        ->reminders[0]
        .payload_json;
  };
  EXPECT_EQ(payload("{}"), "{}");
  EXPECT_EQ(payload("[1, two]"), R"([1,"two"])");
  EXPECT_EQ(payload("all of it"), R"("all of it")");
  EXPECT_THAT(errors(with("name: a, action: b, every: 1h, payload: 5")),
              HasSubstr("actors.Billing.reminders.0.payload: expected"));
}

TEST(reminder_settings, a_payload_with_a_secret_says_so) {
  const auto s = good(with("name: a, action: b, every: 1h, payload: {deep: [{x: \"${TOKEN}\"}]}"),
                      {{"TOKEN", "12345"}});
  const auto& made = s.rule_for("Billing")->reminders[0];
  EXPECT_EQ(made.payload_json, R"({"deep":[{"x":"12345"}]})");
  EXPECT_TRUE(made.payload_secret);
}

TEST(reminder_settings, either_cron_or_every) {
  EXPECT_EQ(errors(with("name: a, action: b")),
            "spawn.yaml:4:9: actors.Billing.reminders.0: expected either cron or every, and not "
            "both");
  EXPECT_THAT(errors(with("name: a, action: b, every: 1h, cron: \"* * * * *\"")),
              HasSubstr("expected either cron or every, and not both"));
  EXPECT_EQ(errors(with("name: a, action: b, every: 1h, time_zone: UTC")),
            "spawn.yaml:4:52: actors.Billing.reminders.0.time_zone: a fixed period has no time "
            "zone; it belongs to cron");
}

TEST(reminder_settings, what_is_wrong_with_its_times_is_said_at_their_key) {
  EXPECT_EQ(errors(with("name: a, action: b, cron: \"0 25 * * *\"")),
            "spawn.yaml:4:36: actors.Billing.reminders.0.cron: field hour: \"25\": expected 0 to "
            "23");
  EXPECT_THAT(errors(with("name: a, action: b, cron: \"0 0 31 2 *\"")),
              AllOf(HasSubstr("reminders.0.cron"), HasSubstr("never comes")));
  EXPECT_THAT(errors(with("name: a, action: b, cron: \"@daily\", time_zone: Europe/Atlantis")),
              HasSubstr("spawn.yaml:4:57: actors.Billing.reminders.0.time_zone: there is no time "
                        "zone named 'Europe/Atlantis'"));
  EXPECT_EQ(errors(with("name: a, action: b, every: 15 m")),
            "spawn.yaml:4:37: actors.Billing.reminders.0.every: expected a number and one of s, m, "
            "h, d, such as 15m, got \"15 m\"");
  EXPECT_THAT(errors(with("name: a, action: b, every: 0s")),
              HasSubstr("expected a period from 1s to 3650d, got \"0s\""));
}

TEST(reminder_settings, names_are_used_once_in_a_type) {
  const std::string two =
      "reminders: [{name: x, action: b, every: 1h}, {name: x, action: c, every: 2h}]";
  EXPECT_EQ(errors("actors: {A: {" + two + "}}"),
            "spawn.yaml:1:66: actors.A.reminders.1.name: there is another reminder named 'x' in "
            "this type");
  EXPECT_EQ(errors("actors: {A: {reminders: [{name: x, action: b, every: 1h}]},\n"
                   "         B: {reminders: [{name: x, action: b, every: 1h}]}}"),
            "");
}

TEST(reminder_settings, a_name_has_1_to_128_bytes) {
  const auto named = [](const std::string& name) {
    return errors(with("name: \"" + name + "\", action: b, every: 1h"));
  };
  std::string umlauts;
  for (int i = 0; i < 64; ++i) {
    umlauts += "\xC3\xBC";
  }
  EXPECT_EQ(named(umlauts), "");
  EXPECT_THAT(named(umlauts + "x"), HasSubstr("reminders.0.name: expected 1 to 128 bytes"));
  EXPECT_THAT(named(std::string(129, 'n')), HasSubstr("actors.Billing.reminders.0.name"));
  EXPECT_THAT(named(""), HasSubstr("actors.Billing.reminders.0.name"));
  EXPECT_THAT(named("a\\nb"), HasSubstr("without control characters"));
  EXPECT_THAT(errors(with("name: a, action: \"b\\tc\", every: 1h")),
              HasSubstr("reminders.0.action: expected 1 to 512 bytes"));
}

TEST(reminder_settings, only_states_that_are_committed_have_them) {
  const std::string one = "reminders: [{name: x, action: b, every: 1h}]";
  for (const auto* mode : {"snapshot", "none"}) {
    EXPECT_THAT(errors("actors: {A: {durability: " + std::string(mode) + ", " + one + "}}"),
                HasSubstr("actors.A.reminders: reminders are stored with the actor's state and "
                          "need durability commit"));
  }
  EXPECT_THAT(errors("durability: {default: none}\nactors: {A: {" + one + "}}"),
              HasSubstr("need durability commit"));
  EXPECT_EQ(errors("durability: {default: none}\nactors: {A: {durability: commit, " + one + "}}"),
            "");
  EXPECT_EQ(errors("actors: {A: {durability: none, reminders: []}}"), "");
}

TEST(reminder_settings, at_most_64_in_a_type) {
  const auto many = [](std::size_t count) {
    std::string text = "actors: {A: {reminders: [";
    for (std::size_t i = 0; i < count; ++i) {
      text += "{name: r" + std::to_string(i) + ", action: b, every: 1h},";
    }
    return errors(text + "]}}");
  };
  EXPECT_EQ(many(reminders_per_type_max), "");
  EXPECT_THAT(many(reminders_per_type_max + 1), HasSubstr("actors.A.reminders: expected"));
}

TEST(reminder_settings, a_payload_has_at_most_64_kib) {
  const auto sized = [](std::size_t bytes) {
    return errors(with("name: a, action: b, every: 1h, payload: " + std::string(bytes, 'p')));
  };
  EXPECT_EQ(sized(reminder_payload_bytes_max - 2), "") << "two are the quotes";
  EXPECT_THAT(sized(reminder_payload_bytes_max - 1),
              HasSubstr("actors.Billing.reminders.0.payload: a payload has at most 65536 bytes"));
}

TEST(reminder_settings, misspelt_keys_and_words_are_named) {
  EXPECT_THAT(errors(with("name: a, action: b, evry: 1h")), HasSubstr("did you mean 'every'?"));
  EXPECT_THAT(errors(with("name: a, action: b, every: 1h, missed: skp")),
              HasSubstr("did you mean 'skip'?"));
  EXPECT_THAT(errors(with("name: a, every: 1h")),
              HasSubstr("reminders.0.action: this key is required here"));
}

}  // namespace
}  // namespace spawn::config
