// How deep JSON nests, by its text.
#include "base/json_depth.hpp"

#include <gtest/gtest.h>

#include <string>

namespace spawn {
namespace {

std::string nested(std::size_t depth, const std::string& inside = "1") {
  return std::string(depth, '[') + inside + std::string(depth, ']');
}

TEST(json_depth, counts_what_is_open_at_the_same_time) {
  EXPECT_FALSE(json_nests_deeper(nested(3), 3));
  EXPECT_TRUE(json_nests_deeper(nested(4), 3));
  EXPECT_TRUE(json_nests_deeper(R"({"a":[{"b":[1]}]})", 3));
  EXPECT_FALSE(json_nests_deeper("[[1],[2],{},{\"a\":3}]", 2));
  EXPECT_FALSE(json_nests_deeper("", 0));
}

TEST(json_depth, brackets_in_strings_do_not_count) {
  EXPECT_FALSE(json_nests_deeper(R"(["[[[[", "\"[[[", "\\"])", 1));
  EXPECT_TRUE(json_nests_deeper(R"(["\\", [[1]]])", 2));
}

TEST(json_depth, text_that_is_not_json_is_answered_too) {
  EXPECT_FALSE(json_nests_deeper("]]]]]]", 0));
  EXPECT_FALSE(json_nests_deeper("\"[[[[\\", 0));
  EXPECT_TRUE(json_nests_deeper(std::string(1'000, '{')));
}

TEST(json_depth, the_kernels_bound) {
  EXPECT_FALSE(json_nests_deeper(nested(json_nesting_max)));
  EXPECT_TRUE(json_nests_deeper(nested(json_nesting_max + 1)));
}

}  // namespace
}  // namespace spawn
