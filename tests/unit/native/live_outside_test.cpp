// Between live actors and all others.
#include "unit/native/stage.hpp"
#include "wire/common.hpp"

namespace spawn {
namespace {

using test::node;
using test::stage;
using test::test_ask;
using test::value_of;

TEST(LiveOutside, AMessageFromElsewhereIsAnAskWithItsType) {
  stage s;
  const std::string to = s.node_on(0);
  s.act = [&](const spawn_live_host& h, test::fake_object&, const spawn_live_message& m) {
    const spawn_payload p = value_of("done");
    h.reply(h.data, m.token, SPAWN_OK, &p);
  };
  test_ask asked;
  spawn_payload p = value_of("hello");
  p.type_url = slice_of("type.googleapis.com/x.Y");
  ASSERT_EQ(
      s.live[0]->ask_from_outside({"sys", "Node", to}, "Ask", p, s.time.now_ns() + ns_per_s, asked),
      SPAWN_OK);
  EXPECT_EQ(asked.ends, 0) << "never within the call";
  s.drive();
  EXPECT_EQ(asked.ends, 1);
  EXPECT_EQ(asked.value, "done");
  ASSERT_EQ(s.of(to).size(), 1u);
  EXPECT_EQ(s.of(to)[0].action, stage::ask_action);
  EXPECT_EQ(s.of(to)[0].type_url, "type.googleapis.com/x.Y");
}

TEST(LiveOutside, WhatNobodyAnswersEndsAtTheDeadline) {
  stage s;
  test_ask asked;
  ASSERT_EQ(s.live[0]->ask_from_outside({"sys", "Node", s.node_on(0)}, "Tell", {},
                                        s.time.now_ns() + 100 * ns_per_ms, asked),
            SPAWN_OK);
  s.pass_ms(150);
  EXPECT_EQ(asked.ends, 1);
  EXPECT_EQ(asked.status, SPAWN_E_DEADLINE);
}

TEST(LiveOutside, UnknownActionsAndTypesAreNotFound) {
  stage s;
  test_ask asked;
  EXPECT_EQ(s.live[0]->ask_from_outside({"sys", "Node", "a"}, "Sing", {}, 1, asked),
            SPAWN_E_NOT_FOUND);
  EXPECT_EQ(s.live[0]->ask_from_outside({"sys", "Choir", "a"}, "Tell", {}, 1, asked),
            SPAWN_E_NOT_FOUND);
}

TEST(LiveOutside, ASendGoesTheWayOfEveryMessage) {
  stage s;
  const std::string from = s.node_on(0, "driver");
  s.inside(0, [&](const spawn_live_host& h) {
    const spawn_actor_ref to{slice_of("shop"), slice_of("Order"), slice_of("o-1")};
    spawn_payload p = value_of("bytes");
    p.type_url = slice_of("type.googleapis.com/x.Y");
    EXPECT_EQ(h.send(h.data, h.ref(h.data, &to), slice_of("Place"), &p), SPAWN_OK);
  });
  ASSERT_EQ(s.out.routed.size(), 1u);
  const invocation& sent = *s.out.routed[0];
  EXPECT_EQ(sent.target, (actor_view{"shop", "Order", "o-1"}));
  EXPECT_EQ(sent.caller, (actor_view{"sys", "Node", from}));
  EXPECT_EQ(sent.action, "Place");
  EXPECT_TRUE(sent.is_async);
  wire::any_view any;
  ASSERT_TRUE(wire::read_any(sent.argument.any, any));
  EXPECT_EQ(any.type_url, "type.googleapis.com/x.Y");
  EXPECT_EQ(any.value, "bytes");
}

struct LiveCall : ::testing::Test {
  void SetUp() override {
    from = s.node_on(0, "caller");
    s.act = [&](const spawn_live_host& h, test::fake_object&, const spawn_live_message& m) {
      if (m.kind == SPAWN_LIVE_TELL) {
        const spawn_actor_ref to{{}, {}, slice_of("ordinary")};
        const spawn_payload none{};
        EXPECT_EQ(h.call(h.data, h.ref(h.data, &to), slice_of("Do"), &none, 12, 1'000), SPAWN_OK);
      }
    };
    s.inside(0, [&](const spawn_live_host& h) {
      const spawn_payload p{};
      h.tell(h.data, node(h, from), 0, &p);
    });
    ASSERT_EQ(s.out.routed.size(), 1u);
  }
  stage s;
  std::string from;
};

TEST_F(LiveCall, IsAnsweredWithTheOthersPayload) {
  std::string any;
  wire::append_any(any, "type.googleapis.com/x.Z", "result");
  s.out.routed[0]->answer(outcome::done({presence::value, any}));
  s.drive();
  ASSERT_EQ(s.of(from).size(), 2u);
  EXPECT_EQ(s.of(from)[1].kind, SPAWN_LIVE_ANSWER);
  EXPECT_EQ(s.of(from)[1].token, 12u);
  EXPECT_EQ(s.of(from)[1].type_url, "type.googleapis.com/x.Z");
  EXPECT_EQ(s.of(from)[1].value, "result");
}

TEST_F(LiveCall, FailsAsTheOtherFailed) {
  s.out.routed[0]->fail(failure::actor_not_found, "no such actor");
  s.drive();
  ASSERT_EQ(s.of(from).size(), 2u);
  EXPECT_EQ(s.of(from)[1].status, SPAWN_E_NOT_FOUND);
  EXPECT_EQ(s.of(from)[1].value, "no such actor");
}

TEST_F(LiveCall, FailsAtItsDeadlineAndHearsNothingMore) {
  s.pass_ms(1'100);
  ASSERT_EQ(s.of(from).size(), 2u);
  EXPECT_EQ(s.of(from)[1].status, SPAWN_E_DEADLINE);
  s.out.routed[0]->answer(outcome::done({}));
  s.drive();
  EXPECT_EQ(s.of(from).size(), 2u);
}

}  // namespace
}  // namespace spawn
