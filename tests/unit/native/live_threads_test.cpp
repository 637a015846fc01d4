// Live actors on lanes with threads of their own: what crosses between them.
#include <gtest/gtest.h>

#include <atomic>
#include <cstring>

#include "lane/post.hpp"
#include "native/live_lane.hpp"
#include "unit/plugin/test_lane.hpp"

namespace spawn {
namespace {

constexpr std::uint32_t burst_action = 1, take_action = 2;
constexpr int bursts = 200, burst_size = 150;

struct bouncer {
  std::atomic<int> left{2'000};
  std::atomic<int> answers{0};
  std::atomic<int> taken{0};
};

struct bounce_lane {
  bouncer* shared = nullptr;
  const spawn_live_host* host = nullptr;
};

bounce_lane& lane_of(spawn_live_lane* lane) {
  return *reinterpret_cast<bounce_lane*>(lane);
}

spawn_status create(spawn_live_lane*, std::uint32_t, spawn_live_ref*, spawn_live_object** out) {
  *out = reinterpret_cast<spawn_live_object*>(new int(0));
  return SPAWN_OK;
}

spawn_live_ref* node(const spawn_live_host& h, std::string_view name) {
  const spawn_actor_ref id{{}, slice_of("Node"), slice_of(name)};
  return h.ref(h.data, &id);
}

// Many numbers to b in one go, which asks for the next of them after the last.
void burst(const spawn_live_host& h) {
  spawn_live_ref* to = node(h, "b");
  for (int i = 0; i < burst_size; ++i) {
    spawn_payload number{};
    number.presence = SPAWN_P_VALUE;
    number.value = {reinterpret_cast<const char*>(&i), sizeof i};
    EXPECT_EQ(h.tell(h.data, to, take_action, &number), SPAWN_OK);
  }
  h.release(h.data, to);
}

void take(bouncer& shared, const spawn_live_host& h, const spawn_live_message& m) {
  int number = -1;
  std::memcpy(&number, m.payload.value.ptr, sizeof number);
  EXPECT_EQ(number, shared.taken++ % burst_size);
  if (number == burst_size - 1 && shared.taken < bursts * burst_size) {
    const spawn_payload none{};
    EXPECT_EQ(h.tell(h.data, m.from, burst_action, &none), SPAWN_OK);
  }
}

// A question is answered, and while there are any left the next one goes to the actor it names.
void receive(spawn_live_lane* lane, spawn_live_object*, const spawn_live_message* m) {
  bounce_lane& on = lane_of(lane);
  const spawn_live_host& h = *on.host;
  const spawn_payload none{};
  if (m->kind == SPAWN_LIVE_ANSWER) {
    ++on.shared->answers;
    return;
  }
  if (m->kind == SPAWN_LIVE_ASK) {
    h.reply(h.data, m->token, SPAWN_OK, &none);
  }
  if (m->action == burst_action) {
    return burst(h);
  }
  if (m->action == take_action) {
    return take(*on.shared, h, *m);
  }
  if (on.shared->left.fetch_sub(1) <= 0) {
    return;
  }
  spawn_actor_ref own;
  h.name(h.data, h.self(h.data), &own);
  const std::string_view to = view_of(own.name) == "a" ? "b" : "a";
  spawn_live_ref* ref = node(h, to);
  EXPECT_EQ(h.ask(h.data, ref, 0, &none, 1, 0), SPAWN_OK);
  h.release(h.data, ref);
}

void destroy(spawn_live_lane*, spawn_live_object* object) {
  delete reinterpret_cast<int*>(object);
}

struct bounce_port final : actors_port {
  std::string_view name() const noexcept override { return "bounce"; }
  const std::string& registration() const noexcept override { return nothing; }
  bool is_live(std::uint32_t) const noexcept override { return true; }
  bool accepts() const noexcept override { return true; }
  void submit(lane&, std::span<spawn_op* const>) override {}
  result<live_channel> open_live(lane& at, const spawn_live_host& host) override {
    static constexpr spawn_live_actors table{
        sizeof(spawn_live_actors), 0, nullptr, nullptr, create, receive, destroy, nullptr};
    lanes[at.index()] = {&shared, &host};
    return live_channel{&table, reinterpret_cast<spawn_live_lane*>(&lanes[at.index()])};
  }
  bool call_live(lane&, const char*, void (*f)(void*), void* with) override {
    f(with);
    return true;
  }
  void close_live(lane&) override {}
  void at_close(std::uint32_t, unique_function<void()>) override {}

  std::string nothing;
  bouncer shared;
  bounce_lane lanes[2];
};

struct asked final : outside_ask {
  void ended(spawn_status, const spawn_payload&) override { done = true; }
  std::atomic<bool> done{false};
};

TEST(LiveThreads, QuestionsAndAnswersCrossLanes) {
  system_clock time;
  bounce_port port;
  live_types types;
  types.system = "sys";
  auto def = std::make_shared<definition>();
  def->system = "sys";
  def->type = "Node";
  def->kind = actor_kind::unnamed;
  def->actions = {"Go", "Burst", "Take"};
  def->deactivate_ms = 60'000;
  types.all.emplace_back(0, def);
  byte_budget budget(64 << 20);
  lane_stats stats[2];
  test::lanes_of<test::thread_lane> lanes(2, time);
  std::vector<std::unique_ptr<live_lane>> live;
  std::vector<live_lane*> all;
  for (std::uint32_t i = 0; i < 2; ++i) {
    live.push_back(std::make_unique<live_lane>(
        live_lane::parts{lanes[i], lanes.set, port, types, budget, stats[i], {}}));
    all.push_back(live.back().get());
  }
  struct nowhere final : outbound {
    void route(invocation_ptr) override {}
    void broadcast(broadcast_order) override {}
    bool is_heard_durably(std::string_view, std::string_view) const override { return false; }
    void stored_for_later(const message_row&) override {}
    void drop_row(std::uint32_t, std::string) override {}
    bool is_address_of(actor_view, actor_view) override { return false; }
    reply_ref park(reply_slot&, std::uint64_t) override { return {}; }
    bool is_parked(reply_ref) const override { return false; }
    reply_slot* unpark(reply_ref) override { return nullptr; }
    void answer(reply_ref, outcome) override {}
    reply_slot* slot_for(reply_ref) override { return nullptr; }
    void restored(actor_view) override {}
  } out;
  for (auto& each : live) {
    each->connect(all, out);
  }
  ASSERT_NE(&lanes.set.of(lane_hash("sys", "a")), &lanes.set.of(lane_hash("sys", "b")))
      << "the test needs two names on two lanes";

  asked start;
  lane& first = lanes.set.of(lane_hash("sys", "a"));
  post(first, [&] {
    EXPECT_EQ(live[first.index()]->ask_from_outside({"sys", "Node", "a"}, "Go", {},
                                                    time.now_ns() + 60 * ns_per_s, start),
              SPAWN_OK);
  });
  EXPECT_TRUE(test::eventually([&] { return port.shared.answers == 2'000; }));
  EXPECT_TRUE(start.done);
  asked again;
  post(first, [&] {
    EXPECT_EQ(live[first.index()]->ask_from_outside({"sys", "Node", "a"}, "Burst", {},
                                                    time.now_ns() + 60 * ns_per_s, again),
              SPAWN_OK);
  });
  EXPECT_TRUE(test::eventually([&] { return port.shared.taken == bursts * burst_size; }));
  EXPECT_TRUE(again.done);
  std::atomic<int> closed{0};
  for (std::uint32_t i = 0; i < 2; ++i) {
    post(lanes[i], [&, i] {
      live[i]->close();
      ++closed;
    });
  }
  EXPECT_TRUE(test::eventually([&] { return closed == 2; }));
}

}  // namespace
}  // namespace spawn
