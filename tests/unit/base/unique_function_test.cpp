#include "base/unique_function.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <type_traits>
#include <utility>

namespace spawn {
namespace {

static_assert(!std::is_copy_constructible_v<unique_function<void()>>);
static_assert(std::is_nothrow_move_constructible_v<unique_function<void()>>);
static_assert(!std::is_constructible_v<unique_function<void()>, int>);

int twice(int n) {
  return 2 * n;
}

TEST(UniqueFunction, IsEmptyUntilItHoldsSomething) {
  unique_function<void()> none;
  EXPECT_FALSE(none);
  const unique_function<void()> null(nullptr);
  EXPECT_FALSE(null);
  none = [] {};
  EXPECT_TRUE(none);
}

TEST(UniqueFunction, HoldsThingsThatOnlyMove) {
  unique_function<int()> held = [owner = std::make_unique<int>(7)] { return *owner; };
  EXPECT_EQ(held(), 7);
  auto moved = std::move(held);
  EXPECT_FALSE(held);  // NOLINT: the state after a move is promised
  EXPECT_EQ(moved(), 7);
}

TEST(UniqueFunction, PassesArgumentsThroughUncopied) {
  unique_function<std::string(std::unique_ptr<std::string>, std::string&)> join =
      [](std::unique_ptr<std::string> a, std::string& b) {
        b += "!";
        return *a + b;
      };
  std::string second = "b";
  EXPECT_EQ(join(std::make_unique<std::string>("a"), second), "ab!");
  EXPECT_EQ(second, "b!");
}

TEST(UniqueFunction, KeepsTheStateOfWhatItHolds) {
  unique_function<int()> count = [n = 0]() mutable { return ++n; };
  EXPECT_EQ(count(), 1);
  EXPECT_EQ(count(), 2);
}

TEST(UniqueFunction, HoldsAPlainFunctionAndACopyOfAnLvalue) {
  unique_function<int(int)> plain = twice;
  EXPECT_EQ(plain(4), 8);
  int base = 1;
  const auto add = [&base](int n) { return base + n; };
  unique_function<int(int)> copied = add;
  EXPECT_EQ(copied(2), 3);
}

TEST(UniqueFunction, DropsWhatItHeldWhenAssigned) {
  const auto watched = std::make_shared<int>(0);
  unique_function<void()> held = [watched] {};
  EXPECT_EQ(watched.use_count(), 2);
  held = nullptr;
  EXPECT_EQ(watched.use_count(), 1);
  EXPECT_FALSE(held);
}

}  // namespace
}  // namespace spawn
