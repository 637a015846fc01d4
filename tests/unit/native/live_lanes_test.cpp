// Messages from one lane to another.
#include "unit/native/stage.hpp"

namespace spawn {
namespace {

using test::node;
using test::stage;
using test::value_of;

TEST(LiveLanes, ATellArrivesOnTheLaneOfItsReceiver) {
  stage s;
  const std::string far = s.node_on(1);
  s.inside(0, [&](const spawn_live_host& h) {
    spawn_live_ref* ref = node(h, far);
    for (const char* each : {"1", "2", "3"}) {
      const spawn_payload p = value_of(each);
      EXPECT_EQ(h.tell(h.data, ref, 0, &p), SPAWN_OK);
    }
  });
  EXPECT_EQ(s.values_of(far), (std::vector<std::string>{"1", "2", "3"}));
  EXPECT_EQ(s.live[1]->objects(), 1u);
}

TEST(LiveLanes, ManyMessagesOfAllSizesKeepTheirOrder) {
  stage s({}, 64 << 20, 10'000);
  const std::string far = s.node_on(1);
  std::vector<std::string> sent;
  for (std::size_t i = 0; i < 500; ++i) {
    sent.push_back(std::to_string(i) + std::string(i % 50 == 7 ? 20'000 : i % 40, '.'));
  }
  s.inside(0, [&](const spawn_live_host& h) {
    spawn_live_ref* ref = node(h, far);
    for (const std::string& each : sent) {
      const spawn_payload p = value_of(each.c_str());
      ASSERT_EQ(h.tell(h.data, ref, 0, &p), SPAWN_OK);
    }
  });
  EXPECT_EQ(s.values_of(far), sent);
}

TEST(LiveLanes, ALineHoldsSoMuchAndThenTellsTheSender) {
  stage s({}, 64 << 20, 100'000);
  const std::string far = s.node_on(1), hundred(100, '.');
  const spawn_payload p = value_of(hundred.c_str());
  std::size_t sent = 0;
  s.inside(0, [&](const spawn_live_host& h) {
    while (sent < 100'000 && h.tell(h.data, node(h, far), 0, &p) == SPAWN_OK) {
      ++sent;
    }
  });
  EXPECT_GE(sent, 5'000u);
  EXPECT_LT(sent, 30'000u);
  EXPECT_EQ(s.of(far).size(), sent) << "and what was taken arrives";
  s.inside(0, [&](const spawn_live_host& h) {
    EXPECT_EQ(h.tell(h.data, node(h, far), 0, &p), SPAWN_OK) << "there is room again";
  });
  EXPECT_EQ(s.of(far).size(), sent + 1);
}

TEST(LiveLanes, WithoutMemoryASenderIsTold) {
  stage s({}, (1 << 20) + 4'096);  // the megabyte is for the mail of the sender itself
  const std::string far = s.node_on(1);
  const spawn_payload p = value_of("x");
  s.inside(0, [&](const spawn_live_host& h) {
    EXPECT_EQ(h.tell(h.data, node(h, far), 0, &p), SPAWN_E_EXHAUSTED);
  });
  EXPECT_TRUE(s.of(far).empty());
}

TEST(LiveLanes, AnAnswerFindsItsWayBackAndSoDoesTheSenderItself) {
  stage s;
  const std::string far = s.node_on(1), from = s.node_on(0, "asker");
  s.act = [&](const spawn_live_host& h, test::fake_object& self, const spawn_live_message& m) {
    const spawn_payload p = value_of(self.name == far ? "answer" : "question");
    if (self.name == far) {
      h.reply(h.data, m.token, SPAWN_OK, &p);
      ASSERT_NE(m.from, nullptr);
      const spawn_payload aside = value_of("aside");
      EXPECT_EQ(h.tell(h.data, m.from, 0, &aside), SPAWN_OK);
    } else if (view_of(m.payload.value) == "go") {
      EXPECT_EQ(h.ask(h.data, node(h, far), stage::ask_action, &p, 3, 0), SPAWN_OK);
    }
  };
  s.inside(0, [&](const spawn_live_host& h) {
    const spawn_payload p = value_of("go");
    h.tell(h.data, node(h, from), 0, &p);
  });
  EXPECT_EQ(s.values_of(from), (std::vector<std::string>{"go", "answer", "aside"}));
  EXPECT_EQ(s.of(from)[1].token, 3u);
}

TEST(LiveLanes, AFullMailboxOnTheOtherLaneFailsTheAskAndDropsTheTell) {
  stage s({}, 64 << 20, 1);
  const std::string far = s.node_on(1), from = s.node_on(0, "asker");
  s.act = [&](const spawn_live_host& h, test::fake_object& self, const spawn_live_message& m) {
    const spawn_payload p = value_of("x");
    if (self.name == from && m.kind == SPAWN_LIVE_TELL) {
      spawn_live_ref* ref = node(h, far);
      EXPECT_EQ(h.tell(h.data, ref, 0, &p), SPAWN_OK);
      EXPECT_EQ(h.tell(h.data, ref, 0, &p), SPAWN_OK) << "it is on its way";
      EXPECT_EQ(h.ask(h.data, ref, 1, &p, 4, 0), SPAWN_OK);
    }
  };
  s.inside(0, [&](const spawn_live_host& h) {
    const spawn_payload p{};
    h.tell(h.data, node(h, from), 0, &p);
  });
  EXPECT_EQ(s.of(far).size(), 1u);
  EXPECT_EQ(s.stats[1].live_dropped.get(), 1u);
  ASSERT_EQ(s.of(from).size(), 2u);
  EXPECT_EQ(s.of(from)[1].status, SPAWN_E_EXHAUSTED);
}

TEST(LiveLanes, AnAskAcrossLanesFailsAtItsDeadline) {
  stage s;
  const std::string far = s.node_on(1), from = s.node_on(0, "asker");
  s.act = [&](const spawn_live_host& h, test::fake_object& self, const spawn_live_message& m) {
    const spawn_payload p{};
    if (self.name == from && m.kind == SPAWN_LIVE_TELL) {
      h.ask(h.data, node(h, far), 1, &p, 6, 300);
    }
  };
  s.inside(0, [&](const spawn_live_host& h) {
    const spawn_payload p{};
    h.tell(h.data, node(h, from), 0, &p);
  });
  s.pass_ms(400);
  ASSERT_EQ(s.of(from).size(), 2u) << "one failure, though both lanes look at the time";
  EXPECT_EQ(s.of(from)[1].status, SPAWN_E_DEADLINE);
}

}  // namespace
}  // namespace spawn
