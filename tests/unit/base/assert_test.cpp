#include "base/assert.hpp"

#include <gtest/gtest.h>

namespace spawn {
namespace {

TEST(Assert, LetsTheTruthPassAndLooksOnce) {
  int looks = 0;
  SPAWN_ASSERT(++looks == 1, "looked twice");
  EXPECT_EQ(looks, 1);
}

TEST(AssertDeathTest, EndsTheProcessWithConditionReasonAndPlace) {
  EXPECT_DEATH(SPAWN_ASSERT(1 == 2, "numbers differ"),
               "assertion failed: numbers differ \\(1 == 2\\) at .*assert_test.cpp:");
}

}  // namespace
}  // namespace spawn
