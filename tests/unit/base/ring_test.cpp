#include "base/ring.hpp"

#include <gtest/gtest.h>

#include <memory>

namespace spawn {
namespace {

TEST(Ring, TakesItsCapacityAndRefusesOneMore) {
  ring<int> numbers(3);
  EXPECT_EQ(numbers.capacity(), 3u);
  EXPECT_TRUE(numbers.empty());
  for (int i = 0; i < 3; ++i) {
    EXPECT_FALSE(numbers.full());
    EXPECT_TRUE(numbers.push(i));
  }
  EXPECT_TRUE(numbers.full());
  EXPECT_EQ(numbers.size(), 3u);
  EXPECT_FALSE(numbers.push(3));
  EXPECT_EQ(numbers.size(), 3u);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(numbers.pop(), i);
  }
  EXPECT_EQ(numbers.pop(), std::nullopt);
}

TEST(Ring, KeepsOrderWhileItGoesRound) {
  ring<int> numbers(3);
  int pushed = 0;
  int popped = 0;
  for (int round = 0; round < 10; ++round) {
    while (numbers.push(pushed)) {
      ++pushed;
    }
    EXPECT_EQ(numbers.pop(), popped++);
    EXPECT_EQ(numbers.pop(), popped++);
    EXPECT_EQ(numbers.size(), 1u);
  }
}

TEST(Ring, OfNoCapacityRefusesEverything) {
  ring<int> none(0);
  EXPECT_TRUE(none.full());
  EXPECT_TRUE(none.empty());
  EXPECT_FALSE(none.push(1));
  EXPECT_EQ(none.pop(), std::nullopt);
}

TEST(Ring, HoldsThingsThatOnlyMove) {
  ring<std::unique_ptr<int>> owners(1);
  EXPECT_TRUE(owners.push(std::make_unique<int>(7)));
  EXPECT_FALSE(owners.push(std::make_unique<int>(8)));
  const auto out = owners.pop();
  ASSERT_TRUE(out);
  EXPECT_EQ(**out, 7);
}

TEST(Ring, LetsGoOfWhatWasPopped) {
  ring<std::shared_ptr<int>> shared(2);
  const auto owner = std::make_shared<int>(1);
  EXPECT_TRUE(shared.push(owner));
  EXPECT_EQ(owner.use_count(), 2);
  EXPECT_TRUE(shared.pop());
  EXPECT_EQ(owner.use_count(), 1);
}

}  // namespace
}  // namespace spawn
