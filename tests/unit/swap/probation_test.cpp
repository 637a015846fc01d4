// A plugin that was swapped in is compared with the one before.
#include "swap/probation.hpp"

#include <gtest/gtest.h>

#include <deque>
#include <future>

#include "lane/post.hpp"
#include "plugin/ports/make_ports.hpp"
#include "swap/plugin_swaps.hpp"
#include "swap/store_swap.hpp"
#include "unit/plugin/paths.hpp"
#include "unit/plugin/scripted.hpp"
#include "unit/plugin/test_lane.hpp"

namespace spawn {
namespace {

op_figures figures(std::uint64_t completed, std::uint64_t failed, std::uint64_t p99_ms = 1,
                   std::uint64_t samples = 100) {
  return {completed, failed, samples, p99_ms * ns_per_ms};
}

TEST(Probation, MayFailAsOftenAsTheOneBeforeAndALittleMore) {
  const probation of(figures(1'000, 100), {});
  EXPECT_FALSE(of.verdict(figures(1'000, 150)));
  const auto why = of.verdict(figures(1'000, 151));
  ASSERT_TRUE(why);
  EXPECT_EQ(*why, "15.1 % of 1000 operations failed, and 10.0 % before the swap");
}

TEST(Probation, JudgesAfterSoManyOperations) {
  const probation of(figures(0, 0), {.operations = 100});
  EXPECT_FALSE(of.verdict(figures(99, 99)));
  EXPECT_TRUE(of.verdict(figures(100, 99)));
}

TEST(Probation, MayBeSoManyTimesSlower) {
  const probation of(figures(1'000, 0, 10), {.slower_factor = 4, .slower_ms = 20});
  EXPECT_FALSE(of.verdict(figures(1'000, 0, 40)));
  const auto why = of.verdict(figures(1'000, 0, 41));
  ASSERT_TRUE(why);
  EXPECT_EQ(*why, "the p99 of its operations is 41.0 ms, and was 10.0 ms before the swap");
}

TEST(Probation, WhatIsFastEnoughIsNeverTooSlow) {
  const probation of(figures(1'000, 0, 1), {.slower_factor = 4, .slower_ms = 20});
  EXPECT_FALSE(of.verdict(figures(1'000, 0, 20)));
  EXPECT_TRUE(of.verdict(figures(1'000, 0, 21)));
}

TEST(Probation, AFewTimesAreNotCompared) {
  const probation of(figures(1'000, 0, 1, probation::samples_min - 1), {});
  EXPECT_FALSE(of.verdict(figures(1'000, 0, 1'000)));
  const probation one(figures(1'000, 0, 1), {});
  EXPECT_FALSE(one.verdict(figures(1'000, 0, 1'000, probation::samples_min - 1)));
}

TEST(Probation, CanBeSwitchedOff) {
  const probation of(figures(1'000, 0, 1), {.failures_percent = 100, .slower_factor = 0});
  EXPECT_FALSE(of.verdict(figures(1'000, 1'000, 1'000)));
}

// Moved by whoever has an operation, on any thread.
class shared_clock final : public clock {
 public:
  [[nodiscard]] std::uint64_t now_ns() const noexcept override { return now_; }
  [[nodiscard]] std::int64_t unix_ms() const noexcept override { return 0; }
  void advance_ms(std::uint64_t ms) noexcept { now_ += ms * ns_per_ms; }

 private:
  std::atomic<std::uint64_t> now_ = 1'000 * ns_per_s;
};

struct probe : load_op {
  std::atomic<int> ends{0};
};

// A kernel's swaps, and a store whose second instance does as `worse` says.
struct SwapProbation : ::testing::Test {
  void SetUp() override {
    plugin->capabilities = SPAWN_SS_CAP_DURABLE;
    plugin->submit = [this](const spawn_host* h, std::span<spawn_op* const> ops) {
      const spawn_host* none = nullptr;
      first.compare_exchange_strong(none, h);
      for (spawn_op* op : ops) {
        op->status = SPAWN_OK;
        time.advance_ms(1);
        const spawn_host* unknown = nullptr;
        if (h != first) {
          second.compare_exchange_strong(unknown, h);
        }
        if (h == second && worse) {
          worse(*op);
        }
        h->complete(h, &op, 1);
      }
    };
    const auto made = manager.load(library, request);
    ASSERT_TRUE(made) << made.error().text;
    auto port_of = make_statestore_port(**made);
    ASSERT_TRUE(port_of) << port_of.error().text;
    port = std::make_unique<swappable_store_port>(std::move(*port_of), 1);
    ASSERT_TRUE(manager.start_all(2'000));
    std::vector<std::unique_ptr<swap_subject>> subjects;
    subjects.push_back(std::make_unique<store_swap>(request, manager, lanes.set, time, *port));
    swaps = std::make_unique<plugin_swaps>(
        manager, std::move(subjects), probation_limits{},
        [this](const plugin_request& of) { return manager.load_apart(library, of); });
    work(400);
  }
  void TearDown() override {
    swaps.reset();
    static_cast<void>(manager.stop_all(2'000));
  }
  void work(std::size_t n) {
    for (std::size_t i = 0; i < n; ++i) {
      probe& made = probes.emplace_back();
      made.home = &lanes.set[0];
      made.run = [](task& self) { static_cast<probe&>(self).ends.fetch_add(1); };
      post(lanes.set[0], [this, &made, i] {
        made.arm(SPAWN_SS_LOAD, i + 1);
        spawn_op* raw = &made.raw.op;
        port->submit(lanes.set[0], {&raw, 1});
      });
      ASSERT_TRUE(test::eventually([&] { return made.ends == 1; }));
    }
  }
  const spawn_host* serves() { return manager.find("statestore", "main")->core()->host.table(); }
  void swap() {
    std::promise<result<swap_report>> done;
    swap_order order;
    order.instance = "main";
    order.to = "1.2.0";
    swaps->begin(std::move(order),
                 [&](result<swap_report> how) { done.set_value(std::move(how)); });
    const auto report = done.get_future().get();
    ASSERT_TRUE(report) << report.error().text;
  }
  // Works until the second one is not what serves any more.
  bool goes_back() {
    const spawn_host* const is = serves();
    for (int i = 0; i < 500 && serves() == is; ++i) {
      work(10);
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return serves() != is;
  }

  test::with_script plugin;
  test::temp_dir dir;
  static inline shared_clock time;
  test::lanes_of<test::thread_lane> lanes{1, time};
  plugin_manager manager{{{dir.path / "lib"}, dir.path / "store", {}, 500}, lanes.loops(), time};
  const plugin_request request{"statestore", "scripted", "", "main", "{}", {}, ""};
  const std::shared_ptr<plugin_library> library = test::scripted_library("many");
  std::unique_ptr<swappable_store_port> port;
  std::unique_ptr<plugin_swaps> swaps;
  std::deque<probe> probes;
  std::atomic<const spawn_host*> first{nullptr}, second{nullptr};
  std::function<void(spawn_op&)> worse;  // of the second one
};

TEST_F(SwapProbation, OneThatFailsOneInFiveGoesBack) {
  std::size_t n = 0;
  worse = [&](spawn_op& op) { op.status = ++n % 5 == 0 ? SPAWN_E_INTERNAL : SPAWN_OK; };
  swap();
  EXPECT_TRUE(goes_back());
  EXPECT_GE(n, probation_limits{}.operations);
}

TEST_F(SwapProbation, OneThatIsSlowGoesBack) {
  worse = [&](spawn_op&) { time.advance_ms(49); };
  swap();
  EXPECT_TRUE(goes_back());
}

TEST_F(SwapProbation, OneThatDoesAsWellStays) {
  std::size_t n = 0;
  worse = [&](spawn_op& op) { op.status = ++n % 25 == 0 ? SPAWN_E_INTERNAL : SPAWN_E_NOT_FOUND; };
  swap();
  const spawn_host* const is = serves();
  work(400);
  EXPECT_EQ(serves(), is);
}

}  // namespace
}  // namespace spawn
