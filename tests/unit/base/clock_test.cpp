#include "base/clock.hpp"

#include <gtest/gtest.h>

#include <chrono>

namespace spawn {
namespace {

TEST(ManualClock, MovesOnlyWhenTold) {
  manual_clock time;
  const auto start = time.now_ns();
  const auto wall = time.unix_ms();
  EXPECT_EQ(time.now_ns(), start);
  time.advance_ns(3 * ns_per_ms);
  EXPECT_EQ(time.now_ns(), start + 3 * ns_per_ms);
  EXPECT_EQ(time.unix_ms(), wall + 3);
}

TEST(ManualClock, LosesNoPartOfAMillisecond) {
  manual_clock time;
  const auto wall = time.unix_ms();
  for (int i = 0; i < 10; ++i) {
    time.advance_ns(ns_per_ms / 4);
  }
  EXPECT_EQ(time.unix_ms(), wall + 2);
  time.advance_ns(ns_per_ms / 2);
  EXPECT_EQ(time.unix_ms(), wall + 3);
}

TEST(ManualClock, AStepOfTheWallLeavesTheMonotonicClockAlone) {
  manual_clock time;
  const auto start = time.now_ns();
  const auto wall = time.unix_ms();
  time.jump_wall_ms(-5'000);
  EXPECT_EQ(time.unix_ms(), wall - 5'000);
  EXPECT_EQ(time.now_ns(), start);
}

TEST(SystemClock, NeverGoesBack) {
  const system_clock time;
  auto last = time.now_ns();
  for (int i = 0; i < 1'000; ++i) {
    const auto now = time.now_ns();
    ASSERT_GE(now, last);
    last = now;
  }
}

TEST(SystemClock, SaysWhatTheMachineSays) {
  const system_clock time;
  const auto machine_ms = [] {
    return std::chrono::duration_cast<std::chrono::milliseconds>(
               std::chrono::system_clock::now().time_since_epoch())
        .count();
  };
  const auto before = machine_ms();
  const auto said = time.unix_ms();
  EXPECT_GE(said, before);
  EXPECT_LE(said, machine_ms());
}

}  // namespace
}  // namespace spawn
