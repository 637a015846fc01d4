#include "plugin/flight_log.hpp"

#include <gtest/gtest.h>

#include "spawn/plugin/statestore.h"

namespace spawn {
namespace {

using load_op = pinned<spawn_ss_load>;

struct FlightLog : ::testing::Test {
  load_op& fly(std::uint64_t id, std::uint64_t deadline_ns = 0) {
    load_op& op = *slab.take();
    op.post_on_end = false;
    op.arm(SPAWN_SS_LOAD, id, deadline_ns);
    log.add(op.raw.op, 1'000);
    return op;
  }
  std::vector<unfinished_op> unfinished(std::uint64_t now_ns) {
    std::vector<unfinished_op> out;
    log.list(now_ns, 3, out);
    return out;
  }
  op_slab<load_op> slab;
  flight_log log;
};

TEST_F(FlightLog, ListsWhatFliesAndForgetsWhatEnded) {
  load_op& a = fly(1);
  fly(2, 5 * ns_per_ms);
  EXPECT_TRUE(port_op::end(a.raw.op));
  const auto left = unfinished(7 * ns_per_ms);
  ASSERT_EQ(left.size(), 1u);
  EXPECT_EQ(left[0].op_id, 2u);
  EXPECT_EQ(left[0].lane, 3u);
  EXPECT_EQ(left[0].overdue_ms, 2u);
  EXPECT_FALSE(log.all_ended());
}

TEST_F(FlightLog, TellsAReusedOpFromTheOneItKnew) {
  load_op& a = fly(1);
  EXPECT_TRUE(port_op::end(a.raw.op));
  slab.give_back(&a);
  // The slab hands out what rested longest, so the same memory comes round again.
  load_op* taken = slab.take();
  for (int i = 0; i < 1'000 && taken != &a; ++i) {
    slab.give_back(taken);
    taken = slab.take();
  }
  ASSERT_EQ(taken, &a);
  load_op& again = *taken;
  again.post_on_end = false;
  again.arm(SPAWN_SS_LOAD, 9);
  EXPECT_TRUE(log.all_ended()) << "the new flight is not the logged one";
}

TEST_F(FlightLog, KeepsAnOverdueOpWhileThousandsPassBehindIt) {
  fly(1, 10);
  for (std::uint64_t i = 2; i < 10'000; ++i) {
    load_op& op = *slab.take();
    op.post_on_end = false;
    op.arm(SPAWN_SS_LOAD, i);
    log.add(op.raw.op, flight_log::patience_ms * ns_per_ms + 1'000);
    ASSERT_TRUE(port_op::end(op.raw.op));
    slab.give_back(&op);
  }
  const auto left = unfinished(flight_log::patience_ms * ns_per_ms);
  ASSERT_EQ(left.size(), 1u);
  EXPECT_EQ(left[0].op_id, 1u);
  EXPECT_EQ(log.added(), 9'999u);
}

TEST_F(FlightLog, EndsTheNewestInThePluginsPlace) {
  load_op& old = fly(1);
  load_op& ended = fly(2);
  load_op& open = fly(3);
  EXPECT_TRUE(port_op::end(ended.raw.op));
  EXPECT_EQ(log.end_newest(2, errc::internal, "boom"), 1u);
  EXPECT_EQ(open.status(), errc::internal);
  EXPECT_EQ(take_error_text(open.raw.op), "boom");
  EXPECT_EQ(old.now.load(), port_op::phase::flying);
}

}  // namespace
}  // namespace spawn
