#include "base/random.hpp"

#include <gtest/gtest.h>

namespace spawn {
namespace {

TEST(Random, GivesTheSameNumbersForTheSameSeedOnEveryMachine) {
  random chance(42);
  EXPECT_EQ(chance.next(), 0x15780b2e0c2ec716ULL);
  EXPECT_EQ(chance.next(), 0x6104d9866d113a7eULL);
  EXPECT_EQ(chance.next(), 0xae17533239e499a1ULL);
}

TEST(Random, DiffersBySeed) {
  random one(1);
  random two(2);
  EXPECT_NE(one.next(), two.next());
}

TEST(Random, StaysBelowItsBound) {
  random chance(3);
  int count[7] = {};
  for (int i = 0; i < 70'000; ++i) {
    const auto n = chance.below(7);
    ASSERT_LT(n, 7u);
    ++count[n];
  }
  for (const int each : count) {
    EXPECT_GT(each, 9'500);
    EXPECT_LT(each, 10'500);
  }
  EXPECT_EQ(chance.below(0), 0u);
  EXPECT_EQ(chance.below(1), 0u);
}

TEST(Random, OneInNHappensAboutThatOften) {
  random chance(4);
  int hits = 0;
  for (int i = 0; i < 100'000; ++i) {
    hits += chance.one_in(10) ? 1 : 0;
  }
  EXPECT_GT(hits, 9'500);
  EXPECT_LT(hits, 10'500);
  EXPECT_TRUE(chance.one_in(1));
}

}  // namespace
}  // namespace spawn
