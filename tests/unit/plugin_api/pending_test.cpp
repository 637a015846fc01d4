// cpp/pending.hpp: an op ends once, with what was said of it.
#include "spawn/plugin/cpp/pending.hpp"

#include <gtest/gtest.h>

#include <utility>

#include "spawn/plugin/testing/fake_host.hpp"

namespace {

namespace p = spawn::plugin;

struct flying {
  p::testing::fake_host host;
  spawn_op op{};

  flying() {
    op.struct_size = sizeof(op);
    host.expect(&op);
  }
  [[nodiscard]] p::pending<spawn_op> take() { return {p::host_ref(host.table()), &op}; }
};

TEST(pending, tells_status_text_and_how_long_to_rest) {
  flying one;
  auto op = one.take();
  op.end(SPAWN_E_EXHAUSTED, "the broker is full", 1'500);
  EXPECT_FALSE(op);
  ASSERT_TRUE(one.host.wait(&one.op));
  EXPECT_EQ(one.op.status, SPAWN_E_EXHAUSTED);
  EXPECT_EQ(one.op.retry_after_ms, 1'500u);
  EXPECT_EQ(p::text(one.op.error), "the broker is full");
  p::release(one.op.error);
}

TEST(pending, leaves_the_pause_to_the_host_when_nothing_is_said) {
  flying one;
  one.op.retry_after_ms = 7;  // of its last flight
  one.take().end(SPAWN_E_UNAVAILABLE);
  EXPECT_EQ(one.op.retry_after_ms, 0u);
  EXPECT_EQ(one.op.error.ptr, nullptr);
}

TEST(pending, an_op_that_is_dropped_ends_as_an_error) {
  flying one;
  {
    auto first = one.take();
    const auto second = std::move(first);
    EXPECT_FALSE(first);
    EXPECT_TRUE(second);
  }
  ASSERT_TRUE(one.host.wait(&one.op));
  EXPECT_EQ(one.op.status, SPAWN_E_INTERNAL);
  p::release(one.op.error);
}

}  // namespace
