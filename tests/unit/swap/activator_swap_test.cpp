// An activator is swapped while actors publish through its sink.
#include "swap/activator_swap.hpp"

#include <gtest/gtest.h>

#include <deque>
#include <future>
#include <string_view>

#include "lane/post.hpp"
#include "plugin/ports/make_ports.hpp"
#include "spawn/plugin/sink.h"
#include "unit/plugin/paths.hpp"
#include "unit/plugin/scripted.hpp"
#include "unit/plugin/test_lane.hpp"

namespace spawn {
namespace {

// Each lane of the plugin is its host.
std::function<void(const spawn_host*, std::span<spawn_op* const>)>* publishes = nullptr;

template <class Lane>
spawn_status open_lane(spawn_instance* self, std::uint32_t, Lane** out) {
  *out = reinterpret_cast<Lane*>(const_cast<spawn_host*>(self->host));
  return SPAWN_OK;
}

const void* tables(const char* id) {
  static const spawn_activator activator{
      sizeof(spawn_activator),
      0,
      [](spawn_instance*) -> std::uint64_t { return 0; },
      open_lane<spawn_ac_lane>,
      [](spawn_ac_lane*, std::uint32_t, std::uint32_t) {},
      [](spawn_ac_lane*, const spawn_settle* const*, std::uint32_t) {},
      [](spawn_ac_lane*) {}};
  static const spawn_sink sink{sizeof(spawn_sink),
                               0,
                               [](spawn_instance*) -> std::uint64_t { return 0; },
                               open_lane<spawn_sink_lane>,
                               [](spawn_sink_lane* l, spawn_op* const* ops, std::uint32_t n) {
                                 (*publishes)(reinterpret_cast<const spawn_host*>(l), {ops, n});
                               },
                               [](spawn_sink_lane*) {}};
  if (std::string_view(id) == SPAWN_ACTIVATOR) {
    return &activator;
  }
  return std::string_view(id) == SPAWN_SINK ? &sink : nullptr;
}

// A source without messages.
class quiet_valve final : public intake_valve {
 public:
  explicit quiet_valve(lane& home) : home_(home) {}
  void open() override { is_open = true; }
  void pause() override { is_open = false; }
  void drain(unique_function<void()> drained) override {
    is_open = false;
    drained();
  }
  [[nodiscard]] bool is_paused() const noexcept override { return false; }
  [[nodiscard]] lane& home() const noexcept override { return home_; }

  static inline std::atomic<bool> is_open = true;

 private:
  lane& home_;
};

struct published : pinned<spawn_sink_message> {
  std::atomic<int> ends{0};
  std::atomic<spawn_status> how{SPAWN_OK};
};

struct ActivatorSwap : ::testing::Test {
  void SetUp() override {
    plugin->interface = tables;
    publishes = &on_publish;
    const auto made = manager.load(test::scripted_library("activator"), request);
    ASSERT_TRUE(made) << made.error().text;
    auto port_of = make_activator_port(**made, 0);
    ASSERT_TRUE(port_of) << port_of.error().text;
    port = std::make_unique<swappable_activator_port>(std::move(*port_of));
    auto sink_of = make_sink_port(**made, 0);
    ASSERT_TRUE(sink_of) << sink_of.error().text;
    sink = std::make_unique<swappable_sink_port>(std::move(*sink_of), 2);
    ASSERT_TRUE(manager.start_all(2'000));
    subject =
        std::make_unique<activator_swap>(request, manager, lanes.set, time, *port,
                                         std::make_unique<quiet_valve>(lanes.set[0]), sink.get());
  }
  void TearDown() override { static_cast<void>(manager.stop_all(100)); }

  published& publish(std::uint32_t on) {
    published& made = messages.emplace_back();
    made.home = &lanes.set[on];
    made.run = [](task& self) {
      auto& mine = static_cast<published&>(self);
      static_cast<void>(take_error_text(mine.raw.op));
      mine.how = mine.raw.op.status;
      mine.ends.fetch_add(1);
    };
    std::promise<void> done;
    post(lanes.set[on], [&] {
      made.arm(0, messages.size());
      spawn_op* raw = &made.raw.op;
      sink->submit(lanes.set[on], {&raw, 1});
      done.set_value();
    });
    done.get_future().wait();
    return made;
  }
  result<swap_report> swap() {
    auto next = manager.load_apart(test::scripted_library("activator"), request);
    EXPECT_TRUE(next) << next.error().text;
    return subject->swap_to(std::move(*next),
                            {.start_ms = 1'000, .stop_ms = 100, .drain_ms = 1'000});
  }

  test::with_script plugin;
  test::temp_dir dir;
  static inline system_clock time;
  test::lanes_of<test::thread_lane> lanes{2, time};
  plugin_manager manager{{{dir.path / "lib"}, dir.path / "store", {}, 500}, lanes.loops(), time};
  const plugin_request request{"activator", "scripted", "", "orders", "{}", {}, ""};
  std::function<void(const spawn_host*, std::span<spawn_op* const>)> on_publish =
      [](const spawn_host* h, std::span<spawn_op* const> ops) {
        for (spawn_op* op : ops) {
          test::end(h, op);
        }
      };
  std::unique_ptr<swappable_activator_port> port;
  std::unique_ptr<swappable_sink_port> sink;
  std::unique_ptr<activator_swap> subject;
  std::deque<published> messages;
};

TEST_F(ActivatorSwap, PublishesGoOnThroughTheNewOne) {
  const auto report = swap();
  ASSERT_TRUE(report) << report.error().text;
  published& each = publish(1);
  ASSERT_TRUE(test::eventually([&] { return each.ends == 1; }));
  EXPECT_EQ(each.how, SPAWN_OK);
  EXPECT_TRUE(test::eventually([] { return quiet_valve::is_open.load(); }));
}

TEST_F(ActivatorSwap, WhatIsPublishedWhenNeitherStartsIsToldSo) {
  plugin->start = [](const spawn_host* h, spawn_op* op) { test::end(h, op, SPAWN_E_UNAVAILABLE); };
  const auto report = swap();
  ASSERT_FALSE(report);
  EXPECT_NE(report.error().text.find("orders is down"), std::string::npos) << report.error().text;
  for (const std::uint32_t on : {0, 1}) {
    published& each = publish(on);
    ASSERT_TRUE(test::eventually([&] { return each.ends == 1; })) << "it waits at a gate for ever";
    EXPECT_NE(each.how, SPAWN_OK);
  }
}

TEST_F(ActivatorSwap, AFaultedOneIsNotWaitedFor) {
  std::atomic<int> taken = 0;
  on_publish = [&](const spawn_host*, std::span<spawn_op* const> ops) {
    taken += static_cast<int>(ops.size());  // and never ends them
  };
  published& held = publish(0);
  ASSERT_TRUE(test::eventually([&] { return taken == 1; }));
  subject->serving()->core()->host.fault(errc::internal, "scripted to be out of service");
  on_publish = [](const spawn_host* h, std::span<spawn_op* const> ops) {
    for (spawn_op* op : ops) {
      test::end(h, op);
    }
  };
  const auto report = swap();
  ASSERT_TRUE(report) << report.error().text;
  published& each = publish(1);
  ASSERT_TRUE(test::eventually([&] { return each.ends == 1; })) << "it waits at a gate for ever";
  EXPECT_EQ(each.how, SPAWN_OK);
  EXPECT_EQ(held.ends, 0) << "what the old one holds stays with it";
}

}  // namespace
}  // namespace spawn
