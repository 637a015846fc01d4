#include <gtest/gtest.h>

#include "base/limits.hpp"
#include "plugin/instance.hpp"
#include "plugin/ports/make_ports.hpp"
#include "unit/plugin/scripted.hpp"
#include "unit/plugin/test_lane.hpp"

namespace spawn {
namespace {

using test::end;

// A load that notes how and where it ended.
struct probe : load_op {
  explicit probe(lane& at, std::uint64_t id = 1, std::uint64_t deadline_ns = 0) {
    home = &at;
    run = [](task& self) {
      auto& mine = static_cast<probe&>(self);
      mine.text = take_error_text(mine.raw.op);
      mine.ends.fetch_add(1);
    };
    arm(SPAWN_SS_LOAD, id, deadline_ns);
  }
  spawn_op* op() { return &raw.op; }
  std::string text;
  std::atomic<int> ends{0};
};

struct StorePort : ::testing::Test {
  void make(const std::string& which, lane_loops loops, std::uint64_t needs = 0) {
    auto made = plugin_instance::create(test::scripted_library(which), time,
                                        {"main", "{}", {}, std::move(loops), 200});
    ASSERT_TRUE(made) << made.error().text;
    instance = std::move(*made);
    auto got = make_statestore_port(*instance, needs);
    ASSERT_TRUE(got) << got.error().text;
    port = std::move(*got);
    ASSERT_TRUE(instance->start(1'000));
  }
  void TearDown() override {
    if (instance != nullptr) {
      instance->lanes_stopped();
    }
  }
  void submit(lane& from, std::initializer_list<probe*> ops) {
    std::vector<spawn_op*> raw;
    for (probe* p : ops) {
      raw.push_back(p->op());
    }
    port->submit(from, raw);
  }
  test::with_script plugin;
  // Outlives the threads of plugins that a test lets hang.
  static inline system_clock time;
  test::lanes_of<test::hand_lane> hand{2, time};
  std::unique_ptr<plugin_instance> instance;
  std::unique_ptr<statestore_port> port;
};

TEST_F(StorePort, OpensALaneOnFirstUseAndClosesItAtTheEnd) {
  std::string log;
  plugin->lane_open = [&](std::uint32_t lane) {
    log += "open" + std::to_string(lane) + " ";
    return SPAWN_OK;
  };
  plugin->lane_closed = [&](std::uint32_t lane) { log += "close" + std::to_string(lane) + " "; };
  plugin->destroyed = [&] { log += "destroy"; };
  make("many", hand.loops());
  EXPECT_FALSE(port->shared_queue());
  EXPECT_EQ(log, "");
  probe a(hand[1]);
  probe b(hand[1]);
  submit(hand[1], {&a});
  submit(hand[1], {&b});
  EXPECT_EQ(a.ends, 0) << "never inside submit";
  hand[1].drive();
  EXPECT_EQ(a.ends + b.ends, 2);
  instance->lanes_stopped();
  instance.reset();
  EXPECT_EQ(log, "open1 close1 destroy");
}

TEST_F(StorePort, EndsOpsUnavailableWhileTheLaneCanNotBeOpened) {
  spawn_status answer = SPAWN_E_UNAVAILABLE;
  plugin->lane_open = [&](std::uint32_t) { return answer; };
  make("many", hand.loops());
  probe a(hand[0]);
  submit(hand[0], {&a});
  hand[0].drive();
  EXPECT_EQ(a.status(), errc::unavailable);
  EXPECT_NE(a.text.find("lane_open answered UNAVAILABLE"), std::string::npos);
  answer = SPAWN_OK;
  probe b(hand[0]);
  submit(hand[0], {&b});
  hand[0].drive();
  EXPECT_EQ(b.status(), errc::ok);
}

TEST_F(StorePort, RefusesWhatComesBeforeStartAndAfterTheGateIsClosed) {
  make("many", hand.loops());
  instance->lanes_stopped();
  ASSERT_TRUE(instance->quiesce(1'000));
  probe a(hand[0]);
  submit(hand[0], {&a});
  hand[0].drive();
  EXPECT_EQ(a.status(), errc::shutdown);
  EXPECT_NE(a.text.find("is stopping"), std::string::npos);
}

TEST_F(StorePort, CountsASecondCompletionAndFaultsThePlugin) {
  plugin->submit = [](const spawn_host* h, std::span<spawn_op* const> ops) {
    end(h, ops[0]);
    end(h, ops[0], SPAWN_E_INTERNAL);
  };
  make("many", hand.loops());
  probe a(hand[0]);
  submit(hand[0], {&a});
  hand[0].drive();
  EXPECT_EQ(a.ends, 1) << "the second completion ends nothing";
  EXPECT_EQ(instance->counters().double_completions, 1u);
  EXPECT_TRUE(instance->faulted());
  probe b(hand[0]);
  submit(hand[0], {&b});
  hand[0].drive();
  EXPECT_EQ(b.status(), errc::unavailable) << "a faulted instance is out of service";
}

TEST_F(StorePort, TakesAnUnknownStatusForInternal) {
  plugin->submit = [](const spawn_host* h, std::span<spawn_op* const> ops) {
    end(h, ops[0], 9'999);
  };
  make("many", hand.loops());
  probe a(hand[0]);
  submit(hand[0], {&a});
  hand[0].drive();
  EXPECT_EQ(a.status(), errc::internal);
}

TEST_F(StorePort, ContainsAnExceptionAndEndsWhatItLeftOpen) {
  plugin->submit = [](const spawn_host* h, std::span<spawn_op* const> ops) {
    end(h, ops[0]);
    throw std::runtime_error("half way");
  };
  for (const char* which : {"many", "one"}) {
    make(which, hand.loops());
    probe a(hand[0], 1);
    probe b(hand[0], 2);
    submit(hand[0], {&a, &b});
    hand[0].drive();
    EXPECT_EQ(a.status(), errc::ok);
    EXPECT_EQ(b.status(), errc::internal);
    EXPECT_EQ(b.ends, 1);
    EXPECT_NE(instance->health().why.find("half way"), std::string::npos);
    EXPECT_EQ(instance->counters().in_flight, 0u);
    instance->lanes_stopped();
    port.reset();
    instance.reset();
  }
}

TEST_F(StorePort, ReportsAtDrainWhatNeverEndedAndDoesNotDestroyThePlugin) {
  static spawn_op* kept = nullptr;
  static const spawn_host* kept_host = nullptr;
  plugin->submit = [](const spawn_host* h, std::span<spawn_op* const> ops) {
    kept = ops[0];
    kept_host = h;
  };
  bool destroyed = false;
  bool closed = false;
  plugin->destroyed = [&] { destroyed = true; };
  plugin->lane_closed = [&](std::uint32_t) { closed = true; };
  make("many", hand.loops());
  instance->lanes_stopped();
  probe a(hand[1], 77, time.now_ns());
  submit(hand[1], {&a});
  EXPECT_EQ(instance->counters().in_flight, 1u);
  ASSERT_TRUE(instance->quiesce(1'000));
  const auto report = instance->drain(50);
  ASSERT_TRUE(report) << report.error().text;
  ASSERT_EQ(report->never_ended.size(), 1u);
  EXPECT_EQ(report->never_ended[0].op_id, 77u);
  EXPECT_EQ(report->never_ended[0].lane, 1u);
  EXPECT_EQ(report->never_ended[0].code, SPAWN_SS_LOAD);
  EXPECT_GE(report->never_ended[0].overdue_ms, 50u);
  EXPECT_TRUE(instance->stop(1'000));
  EXPECT_FALSE(closed) << "no lane_close with an operation in flight";
  port.reset();
  instance.reset();
  EXPECT_FALSE(destroyed);
  // It is late, but its memory and its host are still there.
  end(kept_host, kept);
  hand[1].drive();
  EXPECT_EQ(a.ends, 1);
}

TEST_F(StorePort, AsksForWhatTheConfigurationNeeds) {
  plugin->capabilities = SPAWN_SS_CAP_LIST;
  auto made = plugin_instance::create(test::scripted_library("many"), time,
                                      {"main", "{}", {}, hand.loops(), 200});
  const auto refused =
      make_statestore_port(**made, SPAWN_SS_CAP_DURABLE | SPAWN_SS_CAP_HISTORY | SPAWN_SS_CAP_LIST);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().text.find("durable, history"), std::string::npos);
  EXPECT_FALSE(make_workflow_port(**made));
  const auto first = make_statestore_port(**made, SPAWN_SS_CAP_LIST);
  EXPECT_TRUE(first);
  EXPECT_FALSE(make_statestore_port(**made)) << "one port per instance";
}

TEST_F(StorePort, MeasuresCallsAndCountsSlowOnes) {
  plugin->submit = [](const spawn_host* h, std::span<spawn_op* const> ops) {
    std::this_thread::sleep_for(std::chrono::milliseconds(3));
    end(h, ops[0]);
  };
  make("many", hand.loops());
  probe a(hand[0]);
  submit(hand[0], {&a});
  const auto seen = instance->counters();
  EXPECT_EQ(seen.slow_calls, 1u);
  EXPECT_GE(seen.call_max_ns, 3 * ns_per_ms);
}

// --- one channel for all lanes ---------------------------------------------------------------

TEST_F(StorePort, GathersBothLanesIntoOneBatchWhileASubmitRuns) {
  std::mutex mutex;
  std::vector<std::vector<std::uint64_t>> batches;
  std::atomic<bool> inside{false};
  std::atomic<bool> go{false};
  plugin->submit = [&](const spawn_host* h, std::span<spawn_op* const> ops) {
    inside = true;
    while (!go) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    {
      const std::lock_guard hold(mutex);
      auto& batch = batches.emplace_back();
      for (const spawn_op* op : ops) {
        batch.push_back(op->op_id);
      }
    }
    h->complete(h, ops.data(), static_cast<std::uint32_t>(ops.size()));
  };
  make("blocking", hand.loops());
  EXPECT_TRUE(port->shared_queue());
  probe a(hand[0], 1);
  probe b(hand[1], 2);
  probe c(hand[0], 3);
  probe d(hand[0], 4);
  submit(hand[0], {&a});
  ASSERT_TRUE(test::eventually([&] { return inside.load(); }));
  submit(hand[1], {&b});
  submit(hand[0], {&c, &d});
  go = true;
  ASSERT_TRUE(test::eventually([&] {
    hand[0].drive();
    hand[1].drive();
    return a.ends + b.ends + c.ends + d.ends == 4;
  }));
  const std::lock_guard hold(mutex);
  ASSERT_EQ(batches.size(), 2u);
  EXPECT_EQ(batches[1], (std::vector<std::uint64_t>{2, 3, 4}));
}

TEST_F(StorePort, KeepsABatchWithinTheLimit) {
  std::vector<std::size_t> sizes;
  plugin->submit = [&](const spawn_host* h, std::span<spawn_op* const> ops) {
    sizes.push_back(ops.size());
    h->complete(h, ops.data(), static_cast<std::uint32_t>(ops.size()));
  };
  make("one", hand.loops());
  std::vector<std::unique_ptr<probe>> probes;
  std::vector<spawn_op*> ops;
  for (std::size_t i = 0; i <= limits::group_ops_max; ++i) {
    probes.push_back(std::make_unique<probe>(hand[1], i));
    ops.push_back(probes.back()->op());
  }
  port->submit(hand[1], ops);
  EXPECT_TRUE(sizes.empty()) << "lane 0 makes the calls";
  hand[0].drive();
  EXPECT_EQ(sizes, (std::vector<std::size_t>{limits::group_ops_max, 1}));
  hand[1].drive();
  EXPECT_EQ(probes.back()->ends, 1);
}

TEST_F(StorePort, RunsABlockingStoreUnderLoadFromTwoLanes) {
  test::lanes_of<test::thread_lane> lanes(2, time);
  std::atomic<int> opened{0};
  std::thread::id first{};
  std::atomic<bool> same_thread{true};
  plugin->lane_open = [&](std::uint32_t) {
    ++opened;
    first = std::this_thread::get_id();
    return SPAWN_OK;
  };
  plugin->submit = [&](const spawn_host* h, std::span<spawn_op* const> ops) {
    same_thread = same_thread && std::this_thread::get_id() == first;
    h->complete(h, ops.data(), static_cast<std::uint32_t>(ops.size()));
  };
  make("blocking", lanes.loops());
  constexpr int rounds = 2'000;
  // Each lane keeps one op going round: completed, armed again, submitted again.
  struct runner : load_op {
    StorePort* test = nullptr;
    std::atomic<int> left{rounds};
  };
  runner runners[2];
  for (int i = 0; i < 2; ++i) {
    runners[i].test = this;
    runners[i].home = &lanes[static_cast<std::size_t>(i)];
    runners[i].run = [](task& self) {
      auto& mine = static_cast<runner&>(self);
      if (mine.left.fetch_sub(1) > 1) {
        mine.arm(SPAWN_SS_LOAD, 1);
        spawn_op* op = &mine.raw.op;
        mine.test->port->submit(*mine.home, {&op, 1});
      }
    };
    runners[i].home->post(runners[i]);
  }
  ASSERT_TRUE(test::eventually([&] { return runners[0].left <= 0 && runners[1].left <= 0; }));
  ASSERT_TRUE(instance->quiesce(5'000));
  const auto report = instance->drain(5'000);
  ASSERT_TRUE(report);
  EXPECT_TRUE(report->never_ended.empty());
  EXPECT_TRUE(instance->stop(5'000));
  EXPECT_EQ(instance->counters().completed, 2u * (rounds - 1));
  EXPECT_EQ(opened, 1);
  EXPECT_TRUE(same_thread);
  port.reset();
  instance.reset();
}

TEST_F(StorePort, LetsGoOfAStoreThatNeverReturnsFromSubmit) {
  std::atomic<bool> go{false};
  std::atomic<bool> left{false};
  plugin->submit = [&](const spawn_host* h, std::span<spawn_op* const> ops) {
    while (!go) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    end(h, ops[0]);
    left = true;
  };
  bool destroyed = false;
  plugin->destroyed = [&] { destroyed = true; };
  make("blocking", hand.loops());
  instance->lanes_stopped();
  probe a(hand[0]);
  submit(hand[0], {&a});
  ASSERT_TRUE(instance->quiesce(1'000));
  ASSERT_EQ(instance->drain(50)->never_ended.size(), 1u);
  const auto stopped = instance->stop(50);
  ASSERT_FALSE(stopped);
  EXPECT_NE(stopped.error().text.find("did not return from the plugin"), std::string::npos);
  port.reset();
  instance.reset();
  EXPECT_FALSE(destroyed);
  go = true;
  ASSERT_TRUE(test::eventually([&] { return left.load(); }));
  hand[0].drive();
}

}  // namespace
}  // namespace spawn
