// A workflow is swapped while a lane is held up.
#include "swap/workflow_swap.hpp"

#include <gtest/gtest.h>

#include <deque>
#include <future>

#include "lane/post.hpp"
#include "plugin/ports/make_ports.hpp"
#include "unit/plugin/paths.hpp"
#include "unit/plugin/scripted.hpp"
#include "unit/plugin/test_lane.hpp"

namespace spawn {
namespace {

struct WorkflowSwap : ::testing::Test {
  void SetUp() override {
    plugin->submit = [this](const spawn_host* h, std::span<spawn_op* const> ops) {
      for (spawn_op* op : ops) {
        ran_on = h;
        test::end(h, op);
      }
    };
    const auto made = manager.load(test::scripted_library("workflow"), request);
    ASSERT_TRUE(made) << made.error().text;
    auto port_of = make_workflow_port(**made);
    ASSERT_TRUE(port_of) << port_of.error().text;
    port = std::make_unique<swappable_workflow_port>(std::move(*port_of), 2);
    ASSERT_TRUE(manager.start_all(2'000));
    subject = std::make_unique<workflow_swap>(request, manager, lanes.set, time, *port);
    older = subject->serving();
  }
  void TearDown() override {
    if (subject != nullptr) {
      subject->close();
    }
    static_cast<void>(manager.stop_all(2'000));
  }
  // Which plugin a step of that lane runs in.
  const spawn_host* step_on(std::uint32_t index) {
    std::promise<void> done;
    step_op& step = steps.emplace_back();
    step.home = &lanes.set[index];
    step.run = [](task&) {};
    post(lanes.set[index], [&] {
      step.post_on_end = false;
      step.arm(0, 1);
      spawn_op* raw = &step.raw.op;
      port->submit(lanes.set[index], {&raw, 1});
      static_cast<void>(step.take_inline());
      done.set_value();
    });
    done.get_future().wait();
    return ran_on;
  }
  result<swap_report> swap(const swap_limits& limits = {}) {
    auto next = manager.load_apart(test::scripted_library("workflow"), request);
    EXPECT_TRUE(next) << next.error().text;
    return subject->swap_to(std::move(*next), limits);
  }

  test::with_script plugin;
  test::temp_dir dir;
  static inline system_clock time;
  test::lanes_of<test::thread_lane> lanes{2, time};
  plugin_manager manager{{{dir.path / "lib"}, dir.path / "store", {}, 500}, lanes.loops(), time};
  const plugin_request request{"workflow", "scripted", "", "saga", "{}", {}, ""};
  std::unique_ptr<swappable_workflow_port> port;
  std::unique_ptr<workflow_swap> subject;
  std::shared_ptr<plugin_instance> older;
  std::atomic<const spawn_host*> ran_on{nullptr};
  std::deque<step_op> steps;  // an op's memory outlives its plugin; one at a time is made
};

TEST_F(WorkflowSwap, EachLaneGoesOver) {
  const spawn_host* const first = step_on(0);
  EXPECT_EQ(step_on(1), first);
  const auto report = swap();
  ASSERT_TRUE(report) << report.error().text;
  const spawn_host* const second = step_on(0);
  EXPECT_NE(second, first);
  EXPECT_EQ(step_on(1), second);
  EXPECT_EQ(older->now(), plugin_instance::state::stopped);
}

TEST_F(WorkflowSwap, ALaneThatIsLateWorksWithTheOldOneUntilItComesRound) {
  const spawn_host* const first = step_on(1);
  std::promise<void> go_on;
  std::promise<const spawn_host*> meanwhile;
  post(lanes.set[1], [&, held = go_on.get_future().share()] {
    held.wait();
    step_op& step = steps.emplace_back();
    step.home = &lanes.set[1];
    step.run = [](task&) {};
    step.post_on_end = false;
    step.arm(0, 2);
    spawn_op* raw = &step.raw.op;
    port->submit(lanes.set[1], {&raw, 1});
    EXPECT_TRUE(step.take_inline());
    EXPECT_EQ(step.status(), errc::ok) << "the old one has not been stopped";
    meanwhile.set_value(ran_on);
  });
  const auto report = swap({.lane_ms = 50});
  EXPECT_TRUE(report) << report.error().text;
  EXPECT_NE(subject->serving(), older) << "the others have gone over";
  EXPECT_EQ(older->now(), plugin_instance::state::started);
  go_on.set_value();
  EXPECT_EQ(meanwhile.get_future().get(), first);
  EXPECT_NE(step_on(1), first);
  const auto again = swap();
  ASSERT_TRUE(again) << again.error().text;
  EXPECT_EQ(again->older_kept, 0u);
  EXPECT_EQ(older->now(), plugin_instance::state::stopped) << "nobody needs it any more";
}

}  // namespace
}  // namespace spawn
