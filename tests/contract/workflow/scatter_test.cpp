// scatter-gather: whom it asks, when it has enough, what it answers.
#include "contract/workflow/mutate.hpp"
#include "contract/workflow/scatter_world.hpp"

namespace spawn::contract {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

TEST(scatter, asks_all_and_answers_with_every_value_and_error) {
  scatter_world w(abc());
  w.world = {{"a", after(30)}, {"b", after(10, SPAWN_E_DENIED)}, {"c", after(20)}};
  const auto id = w.call("gather", R"({"sku":7})");
  EXPECT_THAT(w.asked(), ElementsAre("a", "b", "c"));
  EXPECT_EQ(text_of(w.driver.sent[0].what.payload), R"({"sku":7})");
  EXPECT_THAT(w.driver.sent[1].what.meta, Contains(Pair("spawn-scatter-target", "b")));
  w.run_for(29);
  EXPECT_EQ(w.driver.answer(id), nullptr);
  w.run_for(10);
  const json got = w.answer(id);
  EXPECT_EQ(got["state"], "PARTIAL");
  EXPECT_EQ(got["ok"], 2);
  EXPECT_EQ(got["results"][0], json::parse(R"({"target":"a","ok":true,"value":30})"));
  EXPECT_EQ(got["results"][1], json::parse(R"({"target":"b","ok":false,"code":11,"error":"no"})"));
  EXPECT_EQ(json::parse(w.driver.describe("scatter/t", "one")), got);
}

TEST(scatter, is_complete_when_all_succeeded) {
  scatter_world w(abc());
  const auto id = w.call("gather");
  w.run_for(100);
  EXPECT_EQ(w.answer(id)["state"], "COMPLETE");
}

TEST(scatter, answers_as_soon_as_the_quorum_is_reached_and_ignores_the_rest) {
  for (const json& quorum : {json(2), json("60%")}) {
    scatter_world w(abc({{"quorum", quorum}}));
    w.world = {{"a", after(10)}, {"b", after(20)}, {"c", after(3'000)}};
    const auto id = w.call("gather");
    w.run_for(20);
    ASSERT_NE(w.driver.answer(id), nullptr);
    EXPECT_EQ(w.answer(id)["state"], "COMPLETE");
    EXPECT_EQ(w.answer(id)["results"][2]["pending"], true);
    w.run_for(10'000);
    EXPECT_EQ(w.status()["pending"], 1) << "what comes later changes nothing";
  }
}

TEST(scatter, ends_when_the_quorum_can_not_be_reached_any_more) {
  scatter_world w(abc({{"quorum", 2}}));
  w.world = {
      {"a", after(1, SPAWN_E_INVALID)}, {"b", after(2, SPAWN_E_INVALID)}, {"c", after(3'000)}};
  const auto id = w.call("gather");
  w.run_for(10);
  ASSERT_NE(w.driver.answer(id), nullptr);
  EXPECT_EQ(w.answer(id)["state"], "PARTIAL");
}

TEST(scatter, answers_at_the_timeout_with_what_is_there) {
  scatter_world w(abc());
  w.world = {{"c", after(60'000)}};
  const auto id = w.call("gather");
  w.run_for(4'999);
  EXPECT_EQ(w.driver.answer(id), nullptr);
  w.run_for(1);
  ASSERT_NE(w.driver.answer(id), nullptr);
  EXPECT_EQ(w.answer(id)["state"], "TIMEOUT");
  EXPECT_EQ(w.answer(id)["ok"], 2);
  w.run_for(100'000);
  EXPECT_EQ(w.status()["state"], "TIMEOUT");
}

TEST(scatter, in_mode_first_the_first_success_is_the_answer_as_it_came) {
  scatter_world w(abc({{"mode", "first"}}));
  const payload order{SPAWN_P_VALUE, "x/Order", std::string("\0o", 2)};
  w.world = {{"a", after(1, SPAWN_E_INVALID)}, {"b", {SPAWN_OK, order, "", 20}}, {"c", after(30)}};
  const auto id = w.call("gather");
  w.run_for(100);
  ASSERT_NE(w.driver.answer(id), nullptr);
  EXPECT_EQ(w.driver.answer(id)->payload, order);
  EXPECT_EQ(w.ask("gather").payload, order);
}

TEST(scatter, in_mode_first_nobody_succeeding_is_an_error) {
  scatter_world w(abc({{"mode", "first"}}));
  for (const char* name : {"a", "b", "c"}) {
    w.world[name] = after(1, SPAWN_E_DENIED);
  }
  const auto id = w.call("gather");
  w.run_for(100);
  ASSERT_NE(w.driver.answer(id), nullptr);
  EXPECT_EQ(w.driver.answer(id)->status, SPAWN_E_DENIED);
  EXPECT_THAT(w.driver.answer(id)->error, HasSubstr("none of 3 targets"));
}

TEST(scatter, makes_one_call_for_each_item_of_a_list) {
  json scatter{{"targets",
                {{{"name", "s"},
                  {"each", "{input.suppliers}"},
                  {"actor", "supplier-{item.id}"},
                  {"action", "ask"},
                  {"payload", {{"sku", "{input.sku}"}}}}}}};
  scatter_world w(scatter);
  EXPECT_THAT(w.ask("start", R"({"suppliers":3,"sku":1})").error, HasSubstr("is not a list"));
  EXPECT_THAT(w.ask("start", R"({"suppliers":[{}],"sku":1})").error, HasSubstr("{item.id}"));
  json many{{"sku", 1}, {"suppliers", json::array()}};
  for (int i = 0; i < 129; ++i) {
    many["suppliers"].push_back({{"id", i}});
  }
  EXPECT_THAT(w.ask("start", many.dump()).error, HasSubstr("more than 128 targets"));
  EXPECT_TRUE(w.driver.sent.empty());
  EXPECT_EQ(w.ask("start", R"({"suppliers":[{"id":"x"},{"id":2}],"sku":1})").status, SPAWN_OK);
  w.run_for(10);
  EXPECT_THAT(w.asked(), ElementsAre("supplier-x", "supplier-2"));
  EXPECT_EQ(w.status()["results"][1]["target"], "s.1");
}

TEST(scatter, an_empty_list_is_complete_at_once) {
  scatter_world w(
      {{"targets", {{{"name", "s"}, {"each", "{input}"}, {"actor", "{item}"}, {"action", "x"}}}}});
  EXPECT_EQ(json::parse(text_of(w.ask("gather", "[]").payload))["state"], "COMPLETE");
}

TEST(scatter, sends_the_result_to_then_once) {
  scatter_world w(abc({{"then", {{"actor", "sink-{scatter.id}"}, {"action", "take"}}}}));
  w.ask("start");
  w.run_for(100);
  ASSERT_EQ(w.driver.sent.size(), 4u);
  const command& then = w.driver.sent.back().what;
  EXPECT_EQ(then.to.name, "sink-one");
  EXPECT_EQ(then.mode, SPAWN_WF_DETACH);
  EXPECT_EQ(json::parse(text_of(then.payload))["state"], "COMPLETE");
  w.ask("gather");
  w.run_for(10'000);
  EXPECT_EQ(w.driver.sent.size(), 4u);
}

TEST(scatter, a_second_start_is_answered_and_another_input_refused) {
  scatter_world w(abc({{"keep", "1m"}}));
  w.ask("start", R"({"a":1})");
  EXPECT_EQ(w.ask("start", R"({ "a": 1 })").status, SPAWN_OK);
  EXPECT_EQ(w.ask("gather", R"({"a":2})").status, SPAWN_E_CONFLICT);
  w.run_for(1'000);
  EXPECT_EQ(json::parse(text_of(w.ask("gather", R"({"a":1})").payload))["state"], "COMPLETE");
  EXPECT_EQ(w.driver.sent.size(), 3u);
  w.run_for(61'000);
  EXPECT_EQ(w.ask("status").status, SPAWN_E_NOT_FOUND) << "it is kept for a minute";
}

TEST(scatter, cancel_ends_it_with_what_is_there) {
  scatter_world w(abc());
  w.world = {{"b", after(1'000)}};
  EXPECT_EQ(w.ask("cancel").status, SPAWN_E_NOT_FOUND);
  const auto id = w.call("gather");
  w.run_for(10);
  EXPECT_EQ(w.ask("cancel").status, SPAWN_OK);
  ASSERT_NE(w.driver.answer(id), nullptr);
  EXPECT_EQ(w.answer(id)["state"], "CANCELLED");
  EXPECT_EQ(w.answer(id)["ok"], 2);
  EXPECT_EQ(w.ask("sing").status, SPAWN_E_UNSUPPORTED);
}

// Whatever fails and however late: one answer for everybody who waits, right in its counts.
TEST(scatter, random_worlds_are_counted_right) {
  for (std::uint64_t seed = 1; seed <= 300 && !::testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    mutator random(seed);
    json scatter{{"targets", json::array()}, {"timeout", 1 + random.below(100)}};
    const std::uint32_t n = 1 + random.below(8);
    for (std::uint32_t i = 0; i < n; ++i) {
      scatter["targets"].push_back(a_target("t" + std::to_string(i)));
    }
    if (random.below(2) == 0) {
      scatter["quorum"] = 1 + random.below(n);
    }
    scatter_world w(scatter);
    w.driver.answers = [&](const command&) {
      const std::int64_t ms = 1 + random.below(150);
      const bool good = random.below(3) != 0;
      return after(ms, good ? SPAWN_OK : SPAWN_E_INVALID);
    };
    const auto first = w.call("gather"), second = w.call("gather");
    w.run_for(1'000);
    ASSERT_NE(w.driver.answer(first), nullptr);
    ASSERT_NE(w.driver.answer(second), nullptr);
    const json got = w.answer(first);
    EXPECT_EQ(got, w.answer(second));
    EXPECT_EQ(got["ok"].get<int>() + got["failed"].get<int>() + got["pending"].get<int>(),
              static_cast<int>(n));
    const bool enough = got["ok"].get<int>() >= got["quorum"].get<int>();
    EXPECT_EQ(got["state"] == "COMPLETE", enough) << got;
    EXPECT_LE(got["ended_unix_ms"].get<std::int64_t>() - got["started_unix_ms"].get<std::int64_t>(),
              scatter["timeout"].get<std::int64_t>());
  }
}

}  // namespace
}  // namespace spawn::contract
