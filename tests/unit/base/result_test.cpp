#include "base/result.hpp"

#include <gtest/gtest.h>

#include <memory>

namespace spawn {
namespace {

result<int> number(int n) {
  if (n < 0) {
    return fail(errc::invalid, "negative");
  }
  return n;
}

result<void> only_even(int n) {
  if (n % 2 != 0) {
    return fail(error{errc::conflict, 250, "odd"});
  }
  return {};
}

result<int> sum(int a, int b) {
  SPAWN_TRY(const int first, number(a));
  SPAWN_TRY(const int second, number(b));
  SPAWN_CHECK(only_even(first + second));
  return first + second;
}

TEST(Result, TryGivesTheValueOrLeavesWithTheError) {
  EXPECT_EQ(sum(1, 3), 4);
  const auto second_bad = sum(1, -1);
  ASSERT_FALSE(second_bad);
  EXPECT_EQ(second_bad.error().code, errc::invalid);
  EXPECT_EQ(second_bad.error().text, "negative");
}

TEST(Result, CheckLeavesWithTheWholeError) {
  const auto odd = sum(1, 2);
  ASSERT_FALSE(odd);
  EXPECT_EQ(odd.error().code, errc::conflict);
  EXPECT_EQ(odd.error().retry_after_ms, 250u);
}

TEST(Result, TryAssignsToWhatExistsAndMovesWhatOnlyMoves) {
  const auto make = []() -> result<std::unique_ptr<int>> { return std::make_unique<int>(5); };
  const auto use = [&]() -> result<int> {
    std::unique_ptr<int> held;
    SPAWN_TRY(held, make());
    return *held;
  };
  EXPECT_EQ(use(), 5);
}

TEST(Result, ATriedExpressionRunsOnce) {
  int calls = 0;
  const auto once = [&]() -> result<int> { return ++calls; };
  const auto use = [&]() -> result<int> {
    SPAWN_TRY(const int got, once());
    return got;
  };
  EXPECT_EQ(use(), 1);
  EXPECT_EQ(calls, 1);
}

TEST(Error, GainsContextOnItsWayUp) {
  const auto seen = error{errc::unavailable, 9, "refused"}.within("connecting");
  EXPECT_EQ(seen.text, "connecting: refused");
  EXPECT_EQ(seen.code, errc::unavailable);
  EXPECT_EQ(seen.retry_after_ms, 9u);
}

TEST(Error, EveryCodeHasItsName) {
  EXPECT_EQ(name(errc::ok), "OK");
  EXPECT_EQ(name(errc::unknown_outcome), "OUTCOME_UNKNOWN");
  EXPECT_EQ(name(errc::exhausted), "RESOURCE_EXHAUSTED");
  EXPECT_EQ(name(errc::aborted), "ABORTED");
  EXPECT_EQ(name(static_cast<errc>(99)), "INTERNAL");
}

}  // namespace
}  // namespace spawn
