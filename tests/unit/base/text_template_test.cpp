// Text with fields.
#include "base/text_template.hpp"

#include <gtest/gtest.h>

namespace spawn {
namespace {

std::string filled(std::string_view text) {
  const auto parsed = text_template::parse(text);
  if (!parsed) {
    return "! " + parsed.error().text;
  }
  return *parsed->fill(
      [](std::string_view field) -> result<std::string> { return "<" + std::string(field) + ">"; });
}

TEST(text_template, fills_its_fields) {
  EXPECT_EQ(filled("order-{body.id}/{x}"), "order-<body.id>/<x>");
  EXPECT_EQ(filled("plain"), "plain");
  EXPECT_EQ(filled(""), "");
  EXPECT_EQ(filled("{{x}} {y}"), "{x} <y>");
}

TEST(text_template, says_where_it_is_wrong) {
  EXPECT_EQ(filled("a{b"), "! a { without } at byte 2 of \"a{b\"");
  EXPECT_EQ(filled("a}b"), "! a } without { at byte 2 of \"a}b\"");
  EXPECT_EQ(filled("{}"), "! an empty {} at byte 1 of \"{}\"");
  EXPECT_EQ(filled("{a{b}"), "! a { without } at byte 1 of \"{a{b}\"");
}

TEST(text_template, the_first_missing_field_ends_it) {
  const auto parsed = text_template::parse("{a}{b}");
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->fields(), (std::vector<std::string_view>{"a", "b"}));
  auto out = parsed->fill([](std::string_view field) -> result<std::string> {
    return fail(errc::invalid, "no " + std::string(field));
  });
  ASSERT_FALSE(out);
  EXPECT_EQ(out.error().text, "no a");
}

}  // namespace
}  // namespace spawn
