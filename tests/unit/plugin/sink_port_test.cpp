#include <gtest/gtest.h>

#include <functional>

#include "plugin/instance.hpp"
#include "plugin/ports/make_ports.hpp"
#include "unit/plugin/scripted.hpp"
#include "unit/plugin/test_lane.hpp"

namespace spawn {
namespace {

using ops_span = std::span<spawn_op* const>;

// What the sink of the plugin does; unset: all goes well.
struct sink_script {
  spawn_status opens = SPAWN_OK;
  std::function<void(ops_span)> submit;
  const spawn_host* host = nullptr;
};
sink_script* now = nullptr;

spawn_status open_lane(spawn_instance*, std::uint32_t, spawn_sink_lane** out) {
  *out = now->opens == SPAWN_OK ? reinterpret_cast<spawn_sink_lane*>(now) : nullptr;
  return now->opens;
}

void take(spawn_sink_lane*, spawn_op* const* ops, std::uint32_t n) {
  const ops_span all(ops, n);
  if (now->submit) {
    return now->submit(all);
  }
  for (spawn_op* op : all) {
    test::end(now->host, op);
  }
}

const void* sink_table(const char* id) {
  static const spawn_sink table{
      sizeof(spawn_sink), 0,    [](spawn_instance*) -> std::uint64_t { return 0; },
      open_lane,          take, [](spawn_sink_lane*) {}};
  return std::string_view(id) == SPAWN_SINK ? &table : nullptr;
}

// The message comes from lane 0; the calls into the plugin are made on lane 1.
struct SinkPort : ::testing::Test {
  void SetUp() override {
    now = &sink;
    plugin->start = [&](const spawn_host* host, spawn_op* op) {
      sink.host = host;
      test::end(host, op);
    };
    auto made = plugin_instance::create(test::scripted_library("transport"), time,
                                        {"events", "{}", {}, hand.loops(), 200});
    ASSERT_TRUE(made) << made.error().text;
    instance = std::move(*made);
    plugin->interface = sink_table;  // beside the one of its kind, which was looked at
    auto got = make_sink_port(*instance, 1);
    ASSERT_TRUE(got) << got.error().text;
    port = std::move(*got);
    message.home = &hand[0];
    message.run = [](task&) { ++ended; };
    ended = 0;
  }
  void TearDown() override {
    release(message.raw.op.error);
    if (instance != nullptr) {
      instance->lanes_stopped();
    }
  }
  void start() { ASSERT_TRUE(instance->start(1'000)); }
  void submit() {
    message.arm(0, 1);
    spawn_op* raw = &message.raw.op;
    port->submit(hand[0], {&raw, 1});
    hand[1].drive();
    hand[0].drive();
  }
  [[nodiscard]] std::uint64_t in_flight() const { return instance->counters().in_flight; }

  static inline int ended = 0;
  test::with_script plugin;
  sink_script sink;
  system_clock time;
  test::lanes_of<test::hand_lane> hand{2, time};
  pinned<spawn_sink_message> message;
  std::unique_ptr<plugin_instance> instance;
  std::unique_ptr<sink_port> port;
};

TEST_F(SinkPort, PublishesFromAnyLane) {
  start();
  submit();
  EXPECT_EQ(ended, 1);
  EXPECT_EQ(message.status(), errc::ok);
  EXPECT_EQ(in_flight(), 0u);
}

TEST_F(SinkPort, CountsAMessageUntilItEnds) {
  start();
  spawn_op* open = nullptr;
  sink.submit = [&](ops_span ops) { open = ops[0]; };
  submit();
  EXPECT_EQ(in_flight(), 1u);
  test::end(sink.host, open);
  hand[0].drive();
  EXPECT_EQ(ended, 1);
  EXPECT_EQ(in_flight(), 0u);
}

// Rows that a kernel finds when it starts may come before their sink is there.
TEST_F(SinkPort, AMessageBeforeTheStartIsRefusedAndNotInFlight) {
  submit();
  EXPECT_EQ(ended, 1);
  EXPECT_EQ(message.status(), errc::shutdown);
  EXPECT_EQ(in_flight(), 0u);
}

TEST_F(SinkPort, AMessageWithoutALaneEndsAndIsNotInFlight) {
  start();
  sink.opens = SPAWN_E_UNAVAILABLE;
  submit();
  EXPECT_EQ(ended, 1);
  EXPECT_EQ(message.status(), errc::unavailable);
  EXPECT_EQ(in_flight(), 0u);
}

TEST_F(SinkPort, EndsTheMessageOfAPluginThatThrows) {
  start();
  sink.submit = [](ops_span) { throw 1; };
  submit();
  EXPECT_EQ(ended, 1);
  EXPECT_EQ(message.status(), errc::internal);
  EXPECT_EQ(in_flight(), 0u);
  EXPECT_TRUE(instance->faulted());
}

}  // namespace
}  // namespace spawn
