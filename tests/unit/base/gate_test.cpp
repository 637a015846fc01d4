#include "base/gate.hpp"

#include <gtest/gtest.h>

namespace spawn {
namespace {

TEST(Gate, LetsWorkInUntilItIsClosed) {
  gate door;
  EXPECT_TRUE(door.try_enter());
  EXPECT_TRUE(door.try_enter());
  EXPECT_EQ(door.inside(), 2u);
  int done = 0;
  door.close([&] { ++done; });
  EXPECT_TRUE(door.is_closed());
  EXPECT_FALSE(door.try_enter());
  EXPECT_EQ(done, 0);
  door.leave();
  EXPECT_EQ(done, 0);
  door.leave();
  EXPECT_EQ(done, 1);
  EXPECT_EQ(door.inside(), 0u);
}

TEST(Gate, ClosesAtOnceWhenNobodyIsInside) {
  gate door;
  ASSERT_TRUE(door.try_enter());
  door.leave();
  int done = 0;
  door.close([&] { ++done; });
  EXPECT_EQ(done, 1);
}

TEST(Gate, LeavingAnOpenGateTellsNobody) {
  gate door;
  ASSERT_TRUE(door.try_enter());
  door.leave();
  EXPECT_FALSE(door.is_closed());
  EXPECT_TRUE(door.try_enter());
  door.leave();
}

TEST(Gate, ReopensAndClosesAgain) {
  gate door;
  int done = 0;
  door.close([&] { ++done; });
  door.reopen();
  EXPECT_FALSE(door.is_closed());
  EXPECT_TRUE(door.try_enter());
  door.close([&] { ++done; });
  door.leave();
  EXPECT_EQ(done, 2);
}

TEST(Gate, ClosesWithNobodyToTell) {
  gate door;
  door.close({});
  EXPECT_TRUE(door.is_closed());
  door.reopen();
  ASSERT_TRUE(door.try_enter());
  door.close({});
  door.leave();
  EXPECT_TRUE(door.is_closed());
}

TEST(Gate, MayBeReopenedByItsOwnCallback) {
  gate door;
  ASSERT_TRUE(door.try_enter());
  door.close([&] { door.reopen(); });
  door.leave();
  EXPECT_FALSE(door.is_closed());
  EXPECT_TRUE(door.try_enter());
  door.leave();
}

TEST(GateDeathTest, MisuseEndsTheProcess) {
  EXPECT_DEATH(gate().leave(), "left more often than entered");
  EXPECT_DEATH(
      {
        gate door;
        door.close([] {});
        door.close([] {});
      },
      "closed twice");
  EXPECT_DEATH(gate().reopen(), "reopened before it was closed");
}

}  // namespace
}  // namespace spawn
