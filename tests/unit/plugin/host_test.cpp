// The optional host interfaces, as a plugin reaches them.
#include <gtest/gtest.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "lane/asio_lane.hpp"
#include "plugin/asio_lane_io.hpp"
#include "plugin/instance.hpp"
#include "plugin/lane_barrier.hpp"
#include "unit/plugin/scripted.hpp"
#include "unit/plugin/test_lane.hpp"

namespace spawn {
namespace {

struct Host : ::testing::Test {
  void make(lane_loops loops, const std::string& which = "many") {
    plugin->create = [&](const spawn_host* host, const spawn_create_info*) {
      h = host;
      return SPAWN_OK;
    };
    auto made = plugin_instance::create(test::scripted_library(which), time,
                                        {"a-long-instance-name", "{}", {}, std::move(loops), 200});
    ASSERT_TRUE(made) << made.error().text;
    instance = std::move(*made);
  }
  void TearDown() override {
    if (instance != nullptr) {
      instance->lanes_stopped();
    }
  }
  template <class Table>
  const Table* get(const char* id) {
    return static_cast<const Table*>(h->get_interface(h, id));
  }
  test::with_script plugin;
  manual_clock time;
  test::lanes_of<test::hand_lane> hand{2, time};
  const spawn_host* h = nullptr;
  std::unique_ptr<plugin_instance> instance;
};

TEST_F(Host, AnswersOnlyKnownInterfaces) {
  make(hand.loops());
  EXPECT_NE(h->get_interface(h, SPAWN_HOST_METRICS), nullptr);
  EXPECT_NE(h->get_interface(h, SPAWN_HOST_LOOP), nullptr);
  EXPECT_NE(h->get_interface(h, SPAWN_HOST_BLOCKING), nullptr);
  EXPECT_EQ(h->get_interface(h, "spawn.host.transport/1"), nullptr) << "it is a statestore";
  EXPECT_EQ(h->get_interface(h, "spawn.host.metrics/2"), nullptr);
  EXPECT_EQ(h->get_interface(h, ""), nullptr);
  EXPECT_EQ(h->get_interface(h, nullptr), nullptr);
}

TEST_F(Host, TellsTheKernelsTime) {
  make(hand.loops());
  EXPECT_EQ(h->now_ns(h), time.now_ns());
  time.advance_ns(5 * ns_per_ms);
  EXPECT_EQ(h->now_ns(h), time.now_ns());
  EXPECT_EQ(h->unix_ms(h), time.unix_ms());
}

TEST_F(Host, PostsAndTimesOnALane) {
  make(hand.loops());
  const auto* loop = get<spawn_host_loop>(SPAWN_HOST_LOOP);
  int calls = 0;
  const spawn_task_fn count = [](void* arg, std::uint32_t) { ++*static_cast<int*>(arg); };
  loop->post(h, 1, count, &calls);
  hand[0].drive();
  EXPECT_EQ(calls, 0);
  hand[1].drive();
  EXPECT_EQ(calls, 1);
  loop->timer(h, 1, time.now_ns() + 10 * ns_per_ms, count, &calls);
  const auto gone = loop->timer(h, 1, time.now_ns() + 10 * ns_per_ms, count, &calls);
  loop->timer_cancel(h, 1, gone);
  time.advance_ns(9 * ns_per_ms);
  hand[1].drive();
  EXPECT_EQ(calls, 1);
  time.advance_ns(3 * ns_per_ms);
  hand[1].drive();
  EXPECT_EQ(calls, 2);
  EXPECT_EQ(loop->fd_watch(h, 1, 0, 1, count, &calls), SPAWN_E_UNSUPPORTED);
}

TEST_F(Host, RunsNothingOfAPluginThatIsGone) {
  make(hand.loops());
  const auto* loop = get<spawn_host_loop>(SPAWN_HOST_LOOP);
  int calls = 0;
  const spawn_task_fn count = [](void* arg, std::uint32_t) { ++*static_cast<int*>(arg); };
  instance->lanes_stopped();
  ASSERT_TRUE(instance->start(1'000));
  loop->post(h, 0, count, &calls);
  loop->timer(h, 0, time.now_ns() + ns_per_ms, count, &calls);
  instance.reset();
  time.advance_ns(5 * ns_per_ms);
  hand[0].drive();
  EXPECT_EQ(calls, 0);
}

TEST_F(Host, FaultsAPluginThatNamesALaneThatIsNot) {
  make(hand.loops());
  get<spawn_host_loop>(SPAWN_HOST_LOOP)->post(h, 2, [](void*, std::uint32_t) {}, nullptr);
  EXPECT_TRUE(instance->faulted());
  EXPECT_NE(instance->health().why.find("lane 2"), std::string::npos);
}

TEST_F(Host, ContainsATaskThatThrows) {
  make(hand.loops());
  get<spawn_host_loop>(SPAWN_HOST_LOOP)
      ->post(h, 0, [](void*, std::uint32_t) { throw std::runtime_error("oops"); }, nullptr);
  hand[0].drive();
  EXPECT_NE(instance->health().why.find("oops"), std::string::npos);
}

TEST_F(Host, RunsBlockingWorkOnNamedThreadsUpToABound) {
  make(hand.loops());
  const auto* blocking = get<spawn_host_blocking>(SPAWN_HOST_BLOCKING);
  struct shared {
    std::atomic<bool> go{false};
    std::atomic<std::size_t> running{0};
    std::atomic<std::size_t> done{0};
    std::atomic<bool> named{true};
  } s;
  const spawn_task_fn work = [](void* arg, std::uint32_t) {
    auto& mine = *static_cast<shared*>(arg);
    char name[16] = {};
    ::pthread_getname_np(::pthread_self(), name, sizeof name);
    mine.named = mine.named && std::string(name) == "sp.a-long-insta";
    ++mine.running;
    while (!mine.go) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    ++mine.done;
  };
  std::size_t taken = 0;
  ASSERT_EQ(blocking->run(h, work, &s), SPAWN_OK);
  ++taken;
  for (std::size_t i = 1; i < blocking_pool::threads_max; ++i, ++taken) {
    ASSERT_EQ(blocking->run(h, work, &s), SPAWN_OK);
  }
  ASSERT_TRUE(test::eventually([&] { return s.running == blocking_pool::threads_max; }));
  while (blocking->run(h, work, &s) == SPAWN_OK) {
    ++taken;
  }
  EXPECT_EQ(blocking->run(h, work, &s), SPAWN_E_EXHAUSTED);
  EXPECT_EQ(taken, blocking_pool::threads_max + blocking_pool::waiting_max);
  s.go = true;
  EXPECT_TRUE(test::eventually([&] { return s.done == taken; }));
  EXPECT_TRUE(s.named);
}

TEST_F(Host, KeepsMetricsWithinBounds) {
  make(hand.loops());
  const auto* m = get<spawn_host_metrics>(SPAWN_HOST_METRICS);
  const char* labels[] = {"table"};
  EXPECT_EQ(m->define(h, 9, "x", "", nullptr, 0), 0u);
  EXPECT_EQ(m->define(h, 1, "bad name", "", nullptr, 0), 0u);
  const auto rows = m->define(h, 1, "rows_total", "Rows.", labels, 1);
  const auto wait = m->define(h, 3, "wait_seconds", "Wait.", nullptr, 0);
  ASSERT_NE(rows, 0u);
  ASSERT_NE(wait, 0u);
  for (std::size_t i = 0; i < host_metrics::series_max + 5; ++i) {
    const std::string value = std::to_string(i);
    const spawn_slice label = slice_of(value);
    m->add(h, rows, &label, 2);
  }
  m->observe(h, wait, nullptr, 0.002);
  m->add(h, 77, nullptr, 1);
  const auto families = instance->metrics();
  ASSERT_EQ(families.size(), 2u);
  EXPECT_EQ(families[0].series.size(), host_metrics::series_max);
  EXPECT_EQ(families[0].series[0].value, 2);
  EXPECT_EQ(families[1].series[0].count, 1u);
  EXPECT_EQ(families[1].series[0].buckets[3], 1u) << "0.001 < 0.002 <= 0.005";
  instance->lanes_stopped();
  ASSERT_TRUE(instance->start(1'000));
  EXPECT_EQ(m->define(h, 1, "late_total", "", nullptr, 0), 0u) << "fixed once started";
}

TEST_F(Host, WatchesDescriptorsOfAnAsioLane) {
  system_clock real;
  asio_lane lane(0, real, 1);
  const auto io = make_asio_lane_io(lane);
  lane_set set({&lane});
  lane.start(-1);
  make({&set, {io.get()}});
  const auto* loop = get<spawn_host_loop>(SPAWN_HOST_LOOP);
  struct watching {
    const spawn_host* h;
    const spawn_host_loop* loop;
    int fd;
    std::atomic<int> calls{0};
    std::atomic<std::uint32_t> events{0};
    std::atomic<spawn_status> status{-1};
  } w{h, loop, ::eventfd(0, EFD_NONBLOCK)};
  loop->post(
      h, 0,
      [](void* arg, std::uint32_t) {
        auto& mine = *static_cast<watching*>(arg);
        mine.status = mine.loop->fd_watch(
            mine.h, 0, mine.fd, 1,
            [](void* again, std::uint32_t events) {
              auto& me = *static_cast<watching*>(again);
              std::uint64_t n = 0;
              static_cast<void>(!::read(me.fd, &n, sizeof n));
              me.events = events;
              if (++me.calls == 2) {
                me.loop->fd_unwatch(me.h, 0, me.fd);
              }
            },
            arg);
      },
      &w);
  ASSERT_TRUE(test::eventually([&] { return w.status == SPAWN_OK; }));
  const std::uint64_t one = 1;
  for (int i = 1; i <= 3; ++i) {
    ASSERT_EQ(::write(w.fd, &one, sizeof one), 8);
    ASSERT_TRUE(test::eventually([&] { return w.calls == std::min(i, 2); }));
  }
  EXPECT_EQ(w.events, 1u);
  ASSERT_TRUE(on_each_lane(set, true, 5'000, [](spawn::lane&) {}));
  EXPECT_EQ(w.calls, 2) << "unwatched";
  ASSERT_TRUE(instance->start(1'000));
  ASSERT_TRUE(instance->stop(5'000));
  instance.reset();
  lane.stop();
  ::close(w.fd);
}

TEST_F(Host, NamesTheLaneThatDoesNotComeRound) {
  const auto done = on_each_lane(hand.set, true, 20, [](lane&) {});
  ASSERT_FALSE(done);
  EXPECT_NE(done.error().text.find("lane 0 did not come round within 20 ms"), std::string::npos);
  hand[0].drive();
  hand[1].drive();
}

}  // namespace
}  // namespace spawn
