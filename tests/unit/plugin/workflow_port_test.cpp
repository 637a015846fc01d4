#include <gtest/gtest.h>

#include "plugin/instance.hpp"
#include "plugin/ports/make_ports.hpp"
#include "unit/plugin/scripted.hpp"
#include "unit/plugin/test_lane.hpp"

namespace spawn {
namespace {

struct WorkflowPort : ::testing::Test {
  void SetUp() override {
    auto made = plugin_instance::create(test::scripted_library("workflow"), time,
                                        {"forward", "{}", {}, hand.loops(), 200});
    ASSERT_TRUE(made) << made.error().text;
    instance = std::move(*made);
    auto got = make_workflow_port(*instance);
    ASSERT_TRUE(got) << got.error().text;
    port = std::move(*got);
    ASSERT_TRUE(instance->start(1'000));
    step.post_on_end = false;
    step.home = &hand[0];
    step.run = [](task&) { ++posted; };
    posted = 0;
  }
  void TearDown() override {
    if (instance != nullptr) {
      instance->lanes_stopped();
    }
  }
  void submit() {
    step.arm(0, 1);
    spawn_op* raw = &step.raw.op;
    port->submit(hand[0], {&raw, 1});
  }
  static inline int posted = 0;
  test::with_script plugin;
  system_clock time;
  test::lanes_of<test::hand_lane> hand{1, time};
  step_op step;
  std::unique_ptr<plugin_instance> instance;
  std::unique_ptr<workflow_port> port;
};

TEST_F(WorkflowPort, NamesThePartsThePluginServes) {
  EXPECT_EQ(port->part_types(), (std::vector<std::string>{"forward", "pipe"}));
}

TEST_F(WorkflowPort, EndsAStepInsideSubmit) {
  submit();
  EXPECT_TRUE(step.take_inline());
  hand[0].drive();
  EXPECT_EQ(posted, 0);
  EXPECT_EQ(step.status(), errc::ok);
}

TEST_F(WorkflowPort, PostsAStepThatEndsLater) {
  const spawn_host* host = nullptr;
  spawn_op* open = nullptr;
  plugin->submit = [&](const spawn_host* h, std::span<spawn_op* const> ops) {
    host = h;
    open = ops[0];
  };
  submit();
  EXPECT_FALSE(step.take_inline());
  test::end(host, open);
  hand[0].drive();
  EXPECT_EQ(posted, 1);
}

TEST_F(WorkflowPort, EndsTheStepOfAPluginThatThrows) {
  plugin->submit = [](const spawn_host*, std::span<spawn_op* const>) { throw 1; };
  submit();
  EXPECT_TRUE(step.take_inline());
  EXPECT_EQ(step.status(), errc::internal);
  EXPECT_TRUE(instance->faulted());
  release(step.raw.op.error);
}

}  // namespace
}  // namespace spawn
