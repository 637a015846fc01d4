// A statestore is swapped while two lanes work with it.
#include "swap/store_swap.hpp"

#include <gtest/gtest.h>

#include <deque>
#include <future>
#include <set>

#include "lane/post.hpp"
#include "plugin/ports/make_ports.hpp"
#include "unit/plugin/paths.hpp"
#include "unit/plugin/scripted.hpp"
#include "unit/plugin/test_lane.hpp"

namespace spawn {
namespace {

struct probe : load_op {
  std::atomic<int> ends{0};
  std::atomic<spawn_status> status{SPAWN_OK};
};

struct StoreSwap : ::testing::Test {
  void SetUp() override {
    plugin->capabilities = SPAWN_SS_CAP_DURABLE | SPAWN_SS_CAP_ATOMIC_GROUP;
    plugin->submit = [this](const spawn_host* h, std::span<spawn_op* const> ops) {
      const std::lock_guard hold(mutex);
      hosts.insert(h);
      for (spawn_op* op : ops) {
        ++taken[h];
        if (holds && h == first) {
          held.emplace_back(h, op);
        } else {
          test::end(h, op);
        }
      }
    };
    const auto made = manager.load(library, request);
    ASSERT_TRUE(made) << made.error().text;
    auto port_of = make_statestore_port(**made);
    ASSERT_TRUE(port_of) << port_of.error().text;
    port = std::make_unique<swappable_store_port>(std::move(*port_of), 2);
    ASSERT_TRUE(manager.start_all(2'000));
    subject = std::make_unique<store_swap>(request, manager, lanes.set, time, *port);
    await(submit(0));
    const std::lock_guard hold(mutex);
    first = *hosts.begin();
  }
  void TearDown() override {
    release();
    static_cast<void>(manager.stop_all(2'000));
  }

  // On its lane; back when the port has it.
  probe& submit(std::uint32_t on) {
    lane& at = lanes.set[on];
    probe& made = probes.emplace_back();
    made.home = &at;
    made.run = [](task& self) {
      auto& mine = static_cast<probe&>(self);
      mine.status = mine.raw.op.status;
      mine.ends.fetch_add(1);
    };
    std::promise<void> done;
    post(at, [&] {
      made.arm(SPAWN_SS_LOAD, probes.size());
      spawn_op* raw = &made.raw.op;
      port->submit(at, {&raw, 1});
      done.set_value();
    });
    done.get_future().wait();
    return made;
  }
  static void await(const probe& of) {
    for (int i = 0; i < 5'000 && of.ends == 0; ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    ASSERT_EQ(of.ends, 1);
  }
  std::size_t taken_by_first() {
    const std::lock_guard hold(mutex);
    return taken[first];
  }
  // Submits until one waits at the gate.
  probe& submit_until_one_waits(std::uint32_t on) {
    for (;;) {
      const std::size_t before = taken_by_first();
      probe& made = submit(on);
      if (taken_by_first() == before && made.ends == 0) {
        return made;
      }
    }
  }
  void release() {
    const std::lock_guard hold(mutex);
    holds = false;
    for (const auto& [h, op] : std::exchange(held, {})) {
      test::end(h, op);
    }
  }
  result<swap_report> swap(std::uint64_t drain_ms) {
    auto next = manager.load_apart(library, request);
    EXPECT_TRUE(next) << next.error().text;
    return subject->swap_to(std::move(*next), {.drain_ms = drain_ms});
  }

  test::with_script plugin;
  test::temp_dir dir;
  static inline system_clock time;
  test::lanes_of<test::thread_lane> lanes{2, time};
  plugin_manager manager{{{dir.path / "lib"}, dir.path / "store", {}, 500}, lanes.loops(), time};
  const plugin_request request{"statestore", "scripted", "", "main", "{}", {}, ""};
  const std::shared_ptr<plugin_library> library = test::scripted_library("many");
  std::unique_ptr<swappable_store_port> port;
  std::unique_ptr<store_swap> subject;
  std::deque<probe> probes;

  std::mutex mutex;
  bool holds = false;
  const spawn_host* first = nullptr;
  std::set<const spawn_host*> hosts;
  std::map<const spawn_host*, std::size_t> taken;
  std::deque<std::pair<const spawn_host*, spawn_op*>> held;
};

TEST_F(StoreSwap, WhatComesMeanwhileWaitsForTheNewOne) {
  holds = true;
  probe& early = submit(0);
  auto swapped = std::async([&] { return swap(5'000); });
  probe& waits = submit_until_one_waits(0);
  probe& other = submit_until_one_waits(1);
  EXPECT_EQ(early.ends, 0);
  release();
  const auto report = swapped.get();
  ASSERT_TRUE(report) << report.error().text;
  EXPECT_GE(report->waited, 2u);
  EXPECT_GT(report->pause_us, 0u);
  await(early);
  await(waits);
  await(other);
  const std::size_t before = taken_by_first();
  await(submit(0));
  await(submit(1));
  EXPECT_EQ(taken_by_first(), before) << "the old one has nothing any more";
  EXPECT_EQ(manager.list().size(), 1u);
  for (const probe& each : probes) {
    EXPECT_EQ(each.ends, 1);
    EXPECT_EQ(each.status, SPAWN_OK);
  }
}

TEST_F(StoreSwap, AnOperationThatDoesNotEndKeepsTheOldOne) {
  holds = true;
  probe& early = submit(0);
  auto swapped = std::async([&] { return swap(50); });
  probe& waits = submit_until_one_waits(0);
  const auto report = swapped.get();
  ASSERT_FALSE(report);
  EXPECT_NE(report.error().text.find("did not end within 50 ms; nothing was changed"),
            std::string::npos)
      << report.error().text;
  release();
  await(early);
  await(waits);
  const std::size_t before = taken_by_first();
  await(submit(1));
  EXPECT_EQ(taken_by_first(), before + 1);
}

TEST_F(StoreSwap, OneThatDoesNotStartIsDropped) {
  plugin->start = [](const spawn_host* h, spawn_op* op) { test::end(h, op, SPAWN_E_UNAVAILABLE); };
  const auto report = swap(1'000);
  ASSERT_FALSE(report);
  const std::size_t before = taken_by_first();
  await(submit(0));
  EXPECT_EQ(taken_by_first(), before + 1) << "the old one never noticed";
}

TEST_F(StoreSwap, OneThatCanLessIsRefused) {
  plugin->capabilities = SPAWN_SS_CAP_DURABLE;
  const auto report = swap(1'000);
  ASSERT_FALSE(report);
  EXPECT_NE(report.error().text.find("atomic_group"), std::string::npos) << report.error().text;
}

TEST_F(StoreSwap, ManyTimesUnderLoad) {
  std::atomic<bool> over = false;
  std::atomic<std::size_t> ended = 0;
  auto load = std::async([&] {
    while (!over) {
      probe& each = submit(ended % 2);
      await(each);
      ++ended;
    }
  });
  for (int i = 0; i < 20; ++i) {
    const auto report = swap(5'000);
    ASSERT_TRUE(report) << report.error().text;
  }
  over = true;
  load.get();
  EXPECT_GT(ended, 0u);
}

}  // namespace
}  // namespace spawn
