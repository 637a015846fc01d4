// What is refused, and what becomes of who waits when a plugin breaks or stops.
#include "unit/native/stage.hpp"

namespace spawn {
namespace {

using test::node;
using test::stage;
using test::test_ask;
using test::value_of;

TEST(LiveBounds, AMailboxHoldsItsBoundAndNoMore) {
  stage s({}, 64 << 20, 3);
  const std::string to = s.node_on(0);
  s.inside(0, [&](const spawn_live_host& h) {
    spawn_live_ref* ref = node(h, to);
    const spawn_payload p = value_of("x");
    for (int i = 0; i < 3; ++i) {
      EXPECT_EQ(h.tell(h.data, ref, 0, &p), SPAWN_OK);
    }
    EXPECT_EQ(h.tell(h.data, ref, 0, &p), SPAWN_E_EXHAUSTED);
    EXPECT_EQ(h.ask(h.data, ref, 0, &p, 1, 0), SPAWN_E_EXHAUSTED);
  });
  EXPECT_EQ(s.of(to).size(), 3u);
  EXPECT_EQ(s.stats[0].refused.get(), 2u);
}

TEST(LiveBounds, TheMemoryOfTheProcessIsABoundAndComesBack) {
  stage s({}, 4 << 20, 1'000);
  const std::string to = s.node_on(0);
  const std::string big(1 << 20, 'b');
  int sent = 0;
  s.inside(0, [&](const spawn_live_host& h) {
    const spawn_payload p = value_of(big);
    while (h.tell(h.data, node(h, to), 0, &p) == SPAWN_OK) {
      ASSERT_LT(++sent, 10);
    }
  });
  EXPECT_GE(sent, 2);
  EXPECT_EQ(s.of(to).size(), static_cast<std::size_t>(sent));
  EXPECT_LE(s.budget.used(), 3u << 20);
  s.inside(0, [&](const spawn_live_host& h) {
    const spawn_payload p = value_of(big);
    EXPECT_EQ(h.tell(h.data, node(h, to), 0, &p), SPAWN_OK);
  });
}

TEST(LiveBounds, APayloadOfGigabytesIsRefusedUnread) {
  stage s;
  s.inside(0, [&](const spawn_live_host& h) {
    spawn_payload p = value_of("x");
    p.value.len = limits::host_reply_bytes_max + 1;
    spawn_live_ref* ref = node(h, "x");
    EXPECT_EQ(h.tell(h.data, ref, 0, &p), SPAWN_E_TOO_LARGE);
    EXPECT_EQ(h.ask(h.data, ref, 0, &p, 1, 0), SPAWN_E_TOO_LARGE);
    EXPECT_EQ(h.send(h.data, ref, slice_of("Tell"), &p), SPAWN_E_TOO_LARGE);
    EXPECT_EQ(h.call(h.data, ref, slice_of("Tell"), &p, 1, 0), SPAWN_E_TOO_LARGE);
    EXPECT_EQ(h.reply(h.data, 1, SPAWN_OK, &p), SPAWN_E_TOO_LARGE);
  });
}

TEST(LiveBounds, AnActionThatIsNoneIsInvalid) {
  stage s;
  s.inside(0, [&](const spawn_live_host& h) {
    const spawn_payload p{};
    EXPECT_EQ(h.tell(h.data, node(h, "x"), 2, &p), SPAWN_E_INVALID);
    const spawn_actor_ref other{slice_of("elsewhere"), slice_of("Node"), slice_of("x")};
    EXPECT_EQ(h.tell(h.data, h.ref(h.data, &other), 0, &p), SPAWN_E_INVALID);
    const spawn_actor_ref unnamed{{}, slice_of("Node"), {}};
    EXPECT_EQ(h.ref(h.data, &unnamed), nullptr);
    EXPECT_EQ(h.tell(h.data, nullptr, 0, &p), SPAWN_E_INVALID);
    EXPECT_EQ(h.ask(h.data, nullptr, 0, &p, 1, 0), SPAWN_E_INVALID);
    EXPECT_EQ(h.send(h.data, nullptr, slice_of("Tell"), &p), SPAWN_E_INVALID);
    EXPECT_EQ(h.call(h.data, nullptr, slice_of("Tell"), &p, 1, 0), SPAWN_E_INVALID);
    h.release(h.data, nullptr);
    const std::string endless(limits::name_bytes_max + 1, 'n');
    EXPECT_EQ(node(h, endless), nullptr);
  });
}

TEST(LiveBounds, TheLeastUsedIdleObjectMakesRoom) {
  live_options few;
  few.objects_max = 3;
  stage s(few);
  const auto touch = [&](const std::string& stem) {
    s.inside(0, [&, stem](const spawn_live_host& h) {
      const spawn_payload p{};
      h.tell(h.data, node(h, s.node_on(0, stem)), 0, &p);
    });
    s.pass_ms(20);
  };
  touch("a");
  touch("b");
  touch("c");  // a, b and the driver are there: a has been idle for longest
  EXPECT_EQ(s.destroyed, 1);
  EXPECT_EQ(s.live[0]->objects(), 3u);
  const int made = s.made;
  touch("b");
  EXPECT_EQ(s.made, made) << "b was there";
  touch("a");
  EXPECT_EQ(s.made, made + 1) << "a was not";
}

TEST(LiveBounds, WhereNobodyIsIdleAMessageFails) {
  live_options one;
  one.objects_max = 1;
  stage s(one);
  test_ask asked;
  s.inside(0, [&](const spawn_live_host& h) {  // the one waits for an answer
    const spawn_actor_ref to{{}, {}, slice_of("ordinary")};
    const spawn_payload p{};
    EXPECT_EQ(h.call(h.data, h.ref(h.data, &to), slice_of("Do"), &p, 1, 0), SPAWN_OK);
  });
  ASSERT_EQ(s.live[0]->ask_from_outside({"sys", "Node", s.node_on(0, "other")}, "Ask", {},
                                        s.time.now_ns() + ns_per_s, asked),
            SPAWN_OK);
  s.drive();
  EXPECT_EQ(asked.ends, 1);
  EXPECT_EQ(asked.status, SPAWN_E_EXHAUSTED);
  EXPECT_EQ(s.made, 1);
}

TEST(LiveBounds, AnActorThatCanNotBeMadeFailsItsMessages) {
  stage s;
  s.create_answers = SPAWN_E_DENIED;
  test_ask asked;
  ASSERT_EQ(s.live[0]->ask_from_outside({"sys", "Node", s.node_on(0)}, "Ask", {},
                                        s.time.now_ns() + ns_per_s, asked),
            SPAWN_OK);
  s.drive();
  EXPECT_EQ(asked.ends, 1);
  EXPECT_EQ(asked.status, SPAWN_E_DENIED);
}

TEST(LiveBounds, AnExceptionFailsWhoWaitsAndWhatFollows) {
  stage s;
  s.act = [&](const spawn_live_host&, test::fake_object&, const spawn_live_message&) {
    throw std::runtime_error("broken");
  };
  test_ask first, second, later;
  const std::string to = s.node_on(0);
  const actor_view id{"sys", "Node", to};
  const std::uint64_t until = s.time.now_ns() + ns_per_s;
  ASSERT_EQ(s.live[0]->ask_from_outside(id, "Ask", {}, until, first), SPAWN_OK);
  ASSERT_EQ(s.live[0]->ask_from_outside(id, "Ask", {}, until, second), SPAWN_OK);
  s.drive();
  EXPECT_EQ(first.status, SPAWN_E_INTERNAL);
  EXPECT_EQ(second.status, SPAWN_E_UNAVAILABLE);
  ASSERT_EQ(s.live[0]->ask_from_outside(id, "Ask", {}, until, later), SPAWN_OK);
  s.drive();
  EXPECT_EQ(later.status, SPAWN_E_UNAVAILABLE);
}

TEST(LiveBounds, ClosingTellsWhoWaitsAndDestroysAllObjects) {
  stage s;
  test_ask open;
  ASSERT_EQ(s.live[0]->ask_from_outside({"sys", "Node", s.node_on(0)}, "Ask", {},
                                        s.time.now_ns() + ns_per_s, open),
            SPAWN_OK);
  s.drive();
  EXPECT_EQ(open.ends, 0);  // heard, and not answered
  s.live[0]->close();
  s.drive();
  EXPECT_EQ(open.ends, 1);
  EXPECT_EQ(open.status, SPAWN_E_SHUTDOWN);
  EXPECT_EQ(s.destroyed, s.made);
  EXPECT_EQ(s.closed, std::vector<std::uint32_t>{0});
  test_ask after;
  EXPECT_EQ(s.live[0]->ask_from_outside({"sys", "Node", "x"}, "Ask", {}, s.time.now_ns(), after),
            SPAWN_E_UNAVAILABLE);
}

}  // namespace
}  // namespace spawn
