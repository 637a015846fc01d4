// What is an expression, and what is said of texts that are none.
#include "support.hpp"

namespace spawn {
namespace {

using testing::AllOf;
using testing::HasSubstr;

std::string refusal(const std::string& text) {
  const auto made = cron::parse(text);
  EXPECT_FALSE(made) << text;
  if (made) {
    return "";
  }
  EXPECT_EQ(made.error().code, errc::invalid) << text;
  return made.error().text;
}

TEST(cron_parse, the_text_is_kept_in_one_form) {
  EXPECT_EQ(expression("  0\t3 *  * MON-Fri ").text(), "0 3 * * mon-fri");
  EXPECT_EQ(expression("@Daily").text(), "0 0 * * *");
  EXPECT_EQ(expression("0 0 L * *").text(), "0 0 l * *");
  EXPECT_EQ(expression("30 0 0 1 1 *").text(), "30 0 0 1 1 *");
  EXPECT_EQ(cron().text(), "");
}

TEST(cron_parse, nicknames_mean_their_fields) {
  for (const auto& [name, means] :
       std::vector<std::pair<std::string, std::string>>{{"@hourly", "0 * * * *"},
                                                        {"@daily", "0 0 * * *"},
                                                        {"@midnight", "0 0 * * *"},
                                                        {"@weekly", "0 0 * * 0"},
                                                        {"@monthly", "0 0 1 * *"},
                                                        {"@yearly", "0 0 1 1 *"},
                                                        {"@annually", "0 0 1 1 *"}}) {
    EXPECT_EQ(expression(name).text(), means);
  }
  EXPECT_THAT(refusal("@reboot"), AllOf(HasSubstr("@reboot"), HasSubstr("@hourly")));
}

TEST(cron_parse, an_error_names_the_field_and_the_text) {
  EXPECT_EQ(refusal("60 * * * *"), "field minute: \"60\": expected 0 to 59");
  EXPECT_EQ(refusal("* 24 * * *"), "field hour: \"24\": expected 0 to 23");
  EXPECT_EQ(refusal("* * 0 * *"), "field day-of-month: \"0\": expected 1 to 31");
  EXPECT_EQ(refusal("* * 32 * *"), "field day-of-month: \"32\": expected 1 to 31");
  EXPECT_EQ(refusal("* * * 13 *"), "field month: \"13\": expected 1 to 12, jan to dec");
  EXPECT_EQ(refusal("* * * 0 *"), "field month: \"0\": expected 1 to 12, jan to dec");
  EXPECT_EQ(refusal("* * * * 8"), "field day-of-week: \"8\": expected 0 to 7, sun to sat");
  EXPECT_EQ(refusal("* * * * mo"), "field day-of-week: \"mo\": expected 0 to 7, sun to sat");
  EXPECT_EQ(refusal("60 * * * * *"), "field second: \"60\": expected 0 to 59");
  EXPECT_EQ(refusal("1,2,x * * * *"), "field minute: \"x\": expected 0 to 59");
}

TEST(cron_parse, names_belong_to_their_field) {
  EXPECT_THAT(refusal("* * * mon *"), HasSubstr("field month: \"mon\""));
  EXPECT_THAT(refusal("* * * * jan"), HasSubstr("field day-of-week: \"jan\""));
  EXPECT_THAT(refusal("jan * * * *"), HasSubstr("field minute: \"jan\""));
  EXPECT_THAT(refusal("* l * * *"), HasSubstr("field hour: \"l\""));
}

TEST(cron_parse, ranges_and_steps_that_say_nothing_are_refused) {
  EXPECT_THAT(refusal("30-10 * * * *"), HasSubstr("\"30-10\": the range ends before it begins"));
  EXPECT_THAT(refusal("* * * * fri-mon"), HasSubstr("the range ends before it begins"));
  EXPECT_THAT(refusal("*/0 * * * *"), HasSubstr("a number from 1 to 59"));
  EXPECT_THAT(refusal("*/90 * * * *"), HasSubstr("a number from 1 to 59"));
  for (const auto* text :
       {"*/", "/5", "*/-1", "*/1/2", "1-", "-5", "1-2-3", "1--2",       "",    "**", "+5",
        " ",  "1,", ",1",   "1,,2",  ",",  "5l", "l/2",   "4294967296", "1.5", "0x5"}) {
    EXPECT_FALSE(cron::parse(std::string("* * ") + text + " * *")) << text;
  }
}

TEST(cron_parse, five_or_six_fields) {
  for (const auto* text : {"", " ", "* * * *", "* * * * * * *", "5"}) {
    EXPECT_THAT(refusal(text), HasSubstr("expected the five fields")) << text;
  }
  EXPECT_TRUE(cron::parse("* * * * *"));
  EXPECT_TRUE(cron::parse("* * * * * *"));
}

TEST(cron_parse, what_never_comes_is_refused_with_that_reason) {
  for (const auto* text : {"0 0 31 2 *", "0 0 30 feb *", "0 0 31 4,6,9,11 *", "0 0 30-31 2 *"}) {
    EXPECT_THAT(refusal(text), AllOf(HasSubstr("never comes"), HasSubstr(text)));
  }
  EXPECT_TRUE(cron::parse("0 0 29 2 *"));
  EXPECT_TRUE(cron::parse("0 0 31 2 mon")) << "either day suffices";
  EXPECT_TRUE(cron::parse("0 0 L 2 *"));
}

TEST(cron_parse, a_text_has_at_most_256_bytes) {
  std::string longest = "0 0 * * 0";
  while (longest.size() + 2 <= cron_bytes_max) {
    longest += ",0";
  }
  longest.insert(0, cron_bytes_max - longest.size(), ' ');
  EXPECT_TRUE(cron::parse(longest));
  EXPECT_THAT(refusal(longest + " "), HasSubstr("at most 256 bytes, this one has 257"));
}

}  // namespace
}  // namespace spawn
