#include "base/semver.hpp"

#include <gtest/gtest.h>

#include <array>
#include <string>

namespace spawn {
namespace {

struct range_case {
  const char* range;
  const char* inside;  // blank-separated versions
  const char* outside;
};

bool every(const char* range, const std::string& versions, bool wanted) {
  std::string_view rest(versions);
  while (!rest.empty()) {
    const auto end = rest.find(' ');
    const auto one = rest.substr(0, end);
    if (matches(range, one) != wanted) {
      ADD_FAILURE() << "range '" << range << "' " << (wanted ? "refuses " : "accepts ") << one;
      return false;
    }
    rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
  }
  return true;
}

TEST(version_ranges, accept_and_refuse_as_documented) {
  constexpr std::array<range_case, 22> cases{{
      {"", "0.0.0 1.2.3 99.0.1", "1.0.0-rc.1"},
      {"*", "0.0.0 1.2.3", "1.0.0-rc.1"},
      {"x", "0.0.0 1.2.3", "2.0.0-beta"},
      {"1.2.3", "1.2.3", "1.2.4 1.2.2 1.2.3-rc.1"},
      {"=1.2.3", "1.2.3", "1.2.4"},
      {"1", "1.0.0 1.9.9", "0.9.9 2.0.0"},
      {"1.x", "1.0.0 1.9.9", "0.9.9 2.0.0"},
      {"1.2", "1.2.0 1.2.9", "1.1.9 1.3.0"},
      {"1.2.x", "1.2.0 1.2.9", "1.1.9 1.3.0"},
      {"^1", "1.0.0 1.99.0", "0.9.9 2.0.0 1.5.0-rc.1"},
      {"^1.2.3", "1.2.3 1.3.0", "1.2.2 2.0.0"},
      {"^0.2.3", "0.2.3 0.2.9", "0.2.2 0.3.0"},
      {"^0.0.3", "0.0.3", "0.0.4 0.0.2"},
      {"^0", "0.0.1 0.9.0", "1.0.0"},
      {"~1.2.3", "1.2.3 1.2.9", "1.2.2 1.3.0"},
      {"~1", "1.0.0 1.9.0", "2.0.0"},
      {">=1.2", "1.2.0 3.0.0", "1.1.9"},
      {">1.2", "1.3.0", "1.2.0 1.2.9"},
      {">1.2.3", "1.2.4", "1.2.3"},
      {"<=1.2", "1.2.9 0.1.0", "1.3.0"},
      {">=1.2 <2", "1.2.0 1.9.9", "1.1.0 2.0.0"},
      {"^1.2.3-rc.2", "1.2.3-rc.2 1.2.3-rc.10 1.2.3 1.4.0", "1.2.3-rc.1 1.3.0-rc.1 2.0.0"},
  }};
  for (const auto& c : cases) {
    EXPECT_TRUE(valid_range(c.range)) << c.range;
    every(c.range, c.inside, true);
    every(c.range, c.outside, false);
  }
}

TEST(version_ranges, malformed_ones_are_refused) {
  for (const auto* range :
       {"latest", "1.2.3.4", "^", "^^1", "1..2", "1.x.2", "v1", "01.2.3", "-1", "1.2-rc", "1.2.3-",
        "1.2.3-a..b", ">", ">*", "1,2", "9999999999", "1.2.3-\xc3\xa9", "1.2.3+"}) {
    EXPECT_FALSE(valid_range(range)) << range;
    EXPECT_FALSE(matches(range, "1.0.0")) << range;
  }
  EXPECT_FALSE(valid_range(std::string(300, ' ')));
}

TEST(versions, are_three_numbers) {
  for (const auto* text : {"", "1", "1.2", "1.2.x", "1.2.3.4", "^1.2.3", " 1.2.3"}) {
    EXPECT_FALSE(parse_version(text)) << text;
  }
  const auto v = parse_version("1.22.333-rc.1+build.7");
  ASSERT_TRUE(v);
  EXPECT_EQ(v->text(), "1.22.333-rc.1");
}

TEST(versions, are_ordered_as_semantic_versioning_orders_them) {
  const char* ascending[] = {"0.9.9",        "1.0.0-alpha",   "1.0.0-alpha.1", "1.0.0-alpha.beta",
                             "1.0.0-beta.2", "1.0.0-beta.11", "1.0.0-rc.1",    "1.0.0",
                             "1.0.1",        "1.10.0",        "2.0.0"};
  for (std::size_t i = 0; i < std::size(ascending); ++i) {
    for (std::size_t j = 0; j < std::size(ascending); ++j) {
      const int c = compare(*parse_version(ascending[i]), *parse_version(ascending[j]));
      EXPECT_EQ(c < 0, i < j) << ascending[i] << " " << ascending[j];
      EXPECT_EQ(c == 0, i == j) << ascending[i] << " " << ascending[j];
    }
  }
}

}  // namespace
}  // namespace spawn
