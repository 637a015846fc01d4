// Tell, ask, and the life of objects, on one lane.
#include "unit/native/stage.hpp"

namespace spawn {
namespace {

using test::node;
using test::stage;
using test::value_of;

TEST(LiveActors, TellsArriveInOrderAtOneObject) {
  stage s;
  const std::string to = s.node_on(0);
  s.inside(0, [&](const spawn_live_host& h) {
    spawn_live_ref* ref = node(h, to);
    for (const char* each : {"a", "b", "c"}) {
      const spawn_payload p = value_of(each);
      EXPECT_EQ(h.tell(h.data, ref, stage::tell_action, &p), SPAWN_OK);
    }
    h.release(h.data, ref);
  });
  EXPECT_EQ(s.values_of(to), (std::vector<std::string>{"a", "b", "c"}));
  EXPECT_EQ(s.of(to)[0].kind, SPAWN_LIVE_TELL);
  EXPECT_EQ(s.made, 2);  // and the one that told
  EXPECT_EQ(s.stats[0].live_objects.get(), 2u);
  EXPECT_EQ(s.stats[0].live_messages.get(), 4u);
}

TEST(LiveActors, KeepsTypeUrlAndLongValues) {
  stage s;
  const std::string to = s.node_on(0);
  const std::string url = "type.googleapis.com/a.B";
  const std::string value(10'000, 'v');
  s.inside(0, [&](const spawn_live_host& h) {
    spawn_payload p = value_of(value);
    p.type_url = slice_of(url);
    EXPECT_EQ(h.tell(h.data, node(h, to), 0, &p), SPAWN_OK);
  });
  ASSERT_EQ(s.of(to).size(), 1u);
  EXPECT_EQ(s.of(to)[0].type_url, url);
  EXPECT_EQ(s.of(to)[0].value, value);
}

TEST(LiveActors, AnAnswerCarriesTheAskersToken) {
  stage s;
  const std::string to = s.node_on(0), from = s.node_on(0, "asker");
  s.act = [&](const spawn_live_host& h, test::fake_object& self, const spawn_live_message& m) {
    if (self.name == to) {
      const spawn_payload p = value_of("answer");
      EXPECT_EQ(h.reply(h.data, m.token, SPAWN_OK, &p), SPAWN_OK);
      EXPECT_EQ(h.reply(h.data, m.token, SPAWN_OK, &p), SPAWN_E_NOT_FOUND)
          << "a token is good once";
    } else if (m.kind == SPAWN_LIVE_TELL) {
      const spawn_payload p = value_of("question");
      EXPECT_EQ(h.ask(h.data, node(h, to), stage::ask_action, &p, 77, 0), SPAWN_OK);
    }
  };
  s.inside(0, [&](const spawn_live_host& h) {
    const spawn_payload p = value_of("go");
    EXPECT_EQ(h.tell(h.data, node(h, from), 0, &p), SPAWN_OK);
  });
  EXPECT_EQ(s.values_of(to), std::vector<std::string>{"question"});
  EXPECT_EQ(s.values_of(from), (std::vector<std::string>{"go", "answer"}));
  EXPECT_EQ(s.of(from)[1].kind, SPAWN_LIVE_ANSWER);
  EXPECT_EQ(s.of(from)[1].token, 77u);
}

TEST(LiveActors, ARefusedAskFailsWithItsStatusAndText) {
  stage s;
  const std::string to = s.node_on(0), from = s.node_on(0, "asker");
  s.act = [&](const spawn_live_host& h, test::fake_object& self, const spawn_live_message& m) {
    const spawn_payload p = value_of("not today");
    if (self.name == to) {
      h.reply(h.data, m.token, SPAWN_E_DENIED, &p);
    } else if (m.kind == SPAWN_LIVE_TELL) {
      h.ask(h.data, node(h, to), stage::ask_action, &p, 5, 0);
    }
  };
  s.inside(0, [&](const spawn_live_host& h) {
    const spawn_payload p{};
    h.tell(h.data, node(h, from), 0, &p);
  });
  ASSERT_EQ(s.of(from).size(), 2u);
  EXPECT_EQ(s.of(from)[1].kind, SPAWN_LIVE_FAILED);
  EXPECT_EQ(s.of(from)[1].status, SPAWN_E_DENIED);
  EXPECT_EQ(s.of(from)[1].value, "not today");
}

TEST(LiveActors, AnAskThatNobodyAnswersFailsAtItsDeadline) {
  stage s;
  const std::string to = s.node_on(0), from = s.node_on(0, "asker");
  std::uint64_t late = 0;
  s.act = [&](const spawn_live_host& h, test::fake_object& self, const spawn_live_message& m) {
    const spawn_payload p{};
    if (self.name == to) {
      late = m.token;
    } else if (m.kind == SPAWN_LIVE_TELL) {
      h.ask(h.data, node(h, to), stage::ask_action, &p, 9, 500);
    }
  };
  s.inside(0, [&](const spawn_live_host& h) {
    const spawn_payload p{};
    h.tell(h.data, node(h, from), 0, &p);
  });
  s.pass_ms(490);
  EXPECT_EQ(s.of(from).size(), 1u);
  s.pass_ms(30);
  ASSERT_EQ(s.of(from).size(), 2u);
  EXPECT_EQ(s.of(from)[1].status, SPAWN_E_DEADLINE);
  EXPECT_EQ(s.of(from)[1].token, 9u);
  s.inside(0, [&](const spawn_live_host& h) {
    const spawn_payload p{};
    EXPECT_EQ(h.reply(h.data, late, SPAWN_OK, &p), SPAWN_E_NOT_FOUND);
  });
}

TEST(LiveActors, IdleObjectsAreDestroyedAndMadeAgain) {
  stage s;
  const std::string to = s.node_on(0);
  const auto tell = [&](const spawn_live_host& h) {
    const spawn_payload p = value_of("x");
    spawn_live_ref* ref = node(h, to);
    h.tell(h.data, ref, 0, &p);
    h.release(h.data, ref);
  };
  s.inside(0, tell);
  EXPECT_EQ(s.made, 2);
  s.pass_ms(3'000);
  EXPECT_EQ(s.destroyed, 2);
  EXPECT_EQ(s.live[0]->objects(), 0u);
  s.inside(0, tell);
  EXPECT_EQ(s.made, 4);
  EXPECT_EQ(s.values_of(to).size(), 2u);
}

TEST(LiveActors, AnActorThatWaitsForAnAnswerIsNotIdle) {
  stage s;
  const std::string to = s.node_on(0), from = s.node_on(0, "asker");
  std::uint64_t open = 0;
  s.act = [&](const spawn_live_host& h, test::fake_object& self, const spawn_live_message& m) {
    const spawn_payload p{};
    if (self.name == to && m.kind == SPAWN_LIVE_ASK) {
      open = m.token;
    } else if (self.name == from && m.kind == SPAWN_LIVE_TELL) {
      h.ask(h.data, node(h, to), stage::ask_action, &p, 1, 60'000);
    }
  };
  s.inside(0, [&](const spawn_live_host& h) {
    const spawn_payload p{};
    h.tell(h.data, node(h, from), 0, &p);
  });
  s.pass_ms(5'000);
  s.inside(0, [&](const spawn_live_host& h) {
    const spawn_payload p = value_of("late, but in time");
    EXPECT_EQ(h.reply(h.data, open, SPAWN_OK, &p), SPAWN_OK);
  });
  ASSERT_EQ(s.of(from).size(), 2u);
  EXPECT_EQ(s.of(from)[1].value, "late, but in time");
}

TEST(LiveActors, AnActorThatOwesAnAnswerIsNotIdle) {
  stage s;
  const std::string to = s.node_on(0);
  test::test_ask asked;
  ASSERT_EQ(s.live[0]->ask_from_outside({"sys", "Node", to}, "Ask", {},
                                        s.time.now_ns() + 60 * ns_per_s, asked),
            SPAWN_OK);
  s.pass_ms(5'000);
  EXPECT_EQ(s.destroyed, 0);
  s.inside(0, [&](const spawn_live_host& h) {
    const spawn_payload p = value_of("at last");
    EXPECT_EQ(h.reply(h.data, s.of(to)[0].token, SPAWN_OK, &p), SPAWN_OK);
  });
  EXPECT_EQ(asked.value, "at last");
  s.pass_ms(5'000);
  EXPECT_EQ(s.live[0]->objects(), 0u);
}

TEST(LiveActors, WhoLeavesIsGoneOnceItsMailboxIsEmpty) {
  stage s;
  const std::string to = s.node_on(0);
  std::vector<int> objects;
  s.act = [&](const spawn_live_host& h, test::fake_object& self, const spawn_live_message&) {
    objects.push_back(self.number);
    h.leave(h.data);
  };
  const auto tell_two = [&](const spawn_live_host& h) {
    const spawn_payload p{};
    h.tell(h.data, node(h, to), 0, &p);
    h.tell(h.data, node(h, to), 0, &p);
  };
  s.inside(0, tell_two);
  EXPECT_EQ(s.destroyed, 1);
  s.inside(0, tell_two);
  ASSERT_EQ(objects.size(), 4u);
  EXPECT_EQ(objects[0], objects[1]);
  EXPECT_EQ(objects[2], objects[3]);
  EXPECT_NE(objects[0], objects[2]);
}

TEST(LiveActors, AnAnswerToAnObjectThatLeftIsHeardByNobody) {
  stage s;
  const std::string to = s.node_on(0), from = s.node_on(0, "asker");
  std::uint64_t open = 0;
  s.act = [&](const spawn_live_host& h, test::fake_object& self, const spawn_live_message& m) {
    const spawn_payload p{};
    if (self.name == to) {
      open = m.token;
    } else {
      h.ask(h.data, node(h, to), stage::ask_action, &p, 1, 0);
      h.leave(h.data);
    }
  };
  s.inside(0, [&](const spawn_live_host& h) {
    const spawn_payload p{};
    h.tell(h.data, node(h, from), 0, &p);
  });
  EXPECT_EQ(s.destroyed, 1);
  s.inside(0, [&](const spawn_live_host& h) {
    const spawn_payload p{};
    EXPECT_EQ(h.reply(h.data, open, SPAWN_OK, &p), SPAWN_OK);
  });
  EXPECT_EQ(s.of(from).size(), 1u);
}

TEST(LiveActors, TheSenderCanBeToldBack) {
  stage s;
  const std::string to = s.node_on(0), from = s.node_on(0, "teller");
  s.act = [&](const spawn_live_host& h, test::fake_object& self, const spawn_live_message& m) {
    const spawn_payload p = value_of("back");
    if (self.name == to) {
      ASSERT_NE(m.from, nullptr);
      EXPECT_EQ(h.tell(h.data, m.from, 0, &p), SPAWN_OK);
    } else if (view_of(m.payload.value) == "go") {
      h.tell(h.data, node(h, to), 0, &p);
    }
  };
  s.inside(0, [&](const spawn_live_host& h) {
    const spawn_payload p = value_of("go");
    h.tell(h.data, node(h, from), 0, &p);
  });
  EXPECT_EQ(s.values_of(from), (std::vector<std::string>{"go", "back"}));
}

TEST(LiveActors, ANamedTypeIsOneActor) {
  stage s;
  s.inside(s.set->of(lane_hash("sys", "Hub")).index(), [&](const spawn_live_host& h) {
    const spawn_actor_ref hub{{}, {}, slice_of("Hub")};
    const spawn_payload p = value_of("x");
    EXPECT_EQ(h.tell(h.data, h.ref(h.data, &hub), 0, &p), SPAWN_OK);
  });
  EXPECT_EQ(s.values_of("Hub"), std::vector<std::string>{"x"});
}

}  // namespace
}  // namespace spawn
