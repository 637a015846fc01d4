// The saga's way forward and back, its payloads, its requests.
#include "contract/workflow/saga_world.hpp"

namespace spawn::contract {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::Pair;
using ::testing::UnorderedElementsAre;

json transfer() {
  return json::parse(R"({
    "deadline": "60s",
    "steps": [
      {"name": "debit", "actor": "{input.from}", "parent": "Account", "action": "Withdraw",
       "payload": {"amount": "{input.amount}", "note": "saga {saga.id}"},
       "compensate": {"action": "Deposit",
                      "payload": {"amount": "{input.amount}", "of": "{steps.debit.entry}"}}},
      {"name": "credit", "actor": "{input.to}", "parent": "Account", "system": "bank",
       "register_ref": "acc", "action": "Deposit", "payload": "{steps.debit}"}]})");
}

constexpr const char* input = R"({"from":"anna","to":"bert","amount":12.5})";

TEST(saga, runs_its_steps_in_order_with_payloads_from_input_and_results) {
  saga_world w(transfer());
  w.scripts["debit/run"] = {ok(R"({"entry":7})")};
  const call_answer started = w.ask("start", input);
  ASSERT_EQ(started.status, SPAWN_OK) << started.error;
  EXPECT_EQ(json::parse(text_of(started.payload))["state"], "RUNNING");
  w.run_for(1'000);
  EXPECT_EQ(w.state(), "COMPLETED");
  ASSERT_THAT(w.sent(), ElementsAre("debit/run", "credit/run"));
  const command& debit = w.sent("debit/run");
  EXPECT_EQ(debit.to, (actor{"shop", "Account", "anna"}));
  EXPECT_EQ(debit.action, "Withdraw");
  EXPECT_EQ(text_of(debit.payload), R"({"amount":12.5,"note":"saga s-1"})");
  EXPECT_EQ(debit.caller, (actor{"shop", "saga/t", "s-1"}));
  EXPECT_THAT(debit.meta, AllOf(Contains(Pair("spawn-saga-id", "s-1")),
                                Contains(Pair("spawn-saga-step", "debit"))));
  const command& credit = w.sent("credit/run");
  EXPECT_EQ(credit.to, (actor{"bank", "Account", "bert"}));
  EXPECT_EQ(credit.register_ref, "acc");
  EXPECT_EQ(text_of(credit.payload), R"({"entry":7})");
}

TEST(saga, records_a_step_before_it_is_sent) {
  saga_world w(three_steps());
  bool looked = false;
  w.driver.answers = [&](const command&) {
    const json seen = json::parse(w.driver.describe(w.parent, w.id));
    EXPECT_EQ(seen["steps"][0]["state"], looked ? "SUCCEEDED" : "RUNNING");
    looked = true;
    return silence();
  };
  w.ask("start");
  EXPECT_TRUE(looked);
}

TEST(saga, hands_a_whole_payload_through_whatever_its_type) {
  saga_world w(
      {{"steps",
        {a_step("a", {{"payload", "{input}"}}), a_step("b", {{"payload", "{steps.a}"}})}}});
  const payload order{SPAWN_P_VALUE, "type.example/Order", std::string("\x08\x01\0\xFF", 4)};
  const payload done{SPAWN_P_VALUE, "type.example/Done", "d"};
  w.scripts["a/run"] = {{SPAWN_OK, done, "", 1}};
  EXPECT_EQ(w.driver.ask(w.parent, w.id, "start", order).status, SPAWN_OK);
  w.run_for(100);
  EXPECT_EQ(w.sent("a/run").payload, order);
  EXPECT_EQ(w.sent("b/run").payload, done);
  EXPECT_EQ(w.state(), "COMPLETED");
}

TEST(saga, a_step_without_payload_gets_a_noop) {
  saga_world w(three_steps());
  w.ask("start");
  EXPECT_EQ(w.sent("a/run").payload.presence, SPAWN_P_NOOP);
}

TEST(saga, refuses_an_input_that_its_templates_can_not_use) {
  saga_world w(transfer());
  const call_answer missing = w.ask("start", R"({"from":"anna","amount":1})");
  EXPECT_EQ(missing.status, SPAWN_E_INVALID);
  EXPECT_THAT(missing.error, HasSubstr("{input.to}"));
  const call_answer bytes =
      w.driver.ask(w.parent, w.id, "start", {SPAWN_P_VALUE, "type.example/Order", "x"});
  EXPECT_THAT(bytes.error, HasSubstr("type.example/Order"));
  EXPECT_FALSE(w.driver.exists(w.parent, w.id));
  EXPECT_THAT(w.sent(), IsEmpty());
}

class failing_step : public ::testing::TestWithParam<int> {};

TEST_P(failing_step, undoes_what_ran_in_reverse_order) {
  const std::vector<std::string> names{"a", "b", "c", "d"};
  json saga{{"steps", json::array()}};
  for (const std::string& name : names) {
    saga["steps"].push_back(a_step(name));
  }
  saga_world w(saga);
  const auto at = static_cast<std::size_t>(GetParam());
  w.scripts[names[at] + "/run"] = {failure()};
  w.ask("start");
  w.run_for(1'000);
  EXPECT_EQ(w.state(), "COMPENSATED");
  EXPECT_THAT(w.status()["cause"].get<std::string>(), HasSubstr("\"" + names[at] + "\": no"));
  std::vector<std::string> expected;
  for (std::size_t i = 0; i <= at; ++i) {
    expected.push_back(names[i] + "/run");
  }
  for (std::size_t i = at; i-- > 0;) {
    expected.push_back(names[i] + "/compensate");
  }
  EXPECT_EQ(w.sent(), expected);
}

INSTANTIATE_TEST_SUITE_P(each_position, failing_step, ::testing::Range(0, 4));

TEST(saga, compensates_with_the_result_of_the_step) {
  saga_world w(transfer());
  w.scripts["debit/run"] = {ok(R"({"entry":7})")};
  w.scripts["credit/run"] = {failure()};
  w.ask("start", input);
  w.run_for(1'000);
  EXPECT_EQ(w.state(), "COMPENSATED");
  EXPECT_EQ(text_of(w.sent("debit/compensate").payload), R"({"amount":12.5,"of":7})");
  EXPECT_EQ(w.sent("debit/compensate").to, (actor{"shop", "Account", "anna"}));
}

TEST(saga, a_step_that_can_not_be_filled_in_fails) {
  saga_world w({{"steps", {a_step("a"), a_step("b", {{"payload", "{steps.a.id}"}})}}});
  w.scripts["a/run"] = {ok(R"({"no":1})")};
  w.ask("start");
  w.run_for(1'000);
  EXPECT_THAT(w.sent(), ElementsAre("a/run", "a/compensate"));
  EXPECT_EQ(w.state(), "COMPENSATED");
  EXPECT_THAT(w.status()["cause"].get<std::string>(),
              HasSubstr("sagas.t.steps[1].payload: there is no {steps.a.id}"));
}

TEST(saga, parallel_steps_run_together_and_one_that_fails_takes_the_others_back) {
  saga_world w(
      {{"steps",
        {a_step("a"), {{"parallel", {a_step("p"), a_step("q"), a_step("r")}}}, a_step("z")}}});
  w.scripts["p/run"] = {ok("1", 5)};
  w.scripts["q/run"] = {failure(3)};
  w.scripts["r/run"] = {ok("3", 20)};
  w.ask("start");
  w.run_for(2);
  EXPECT_THAT(w.sent(), ElementsAre("a/run", "p/run", "q/run", "r/run"));
  w.run_for(10);
  EXPECT_EQ(w.state(), "COMPENSATING");
  EXPECT_THAT(w.sent(), Not(Contains("a/compensate"))) << "r is not known yet";
  w.run_for(1'000);
  EXPECT_EQ(w.state(), "COMPENSATED");
  const auto all = w.sent();
  ASSERT_EQ(all.size(), 7u);
  EXPECT_THAT(std::vector(all.begin() + 4, all.begin() + 6),
              UnorderedElementsAre("p/compensate", "r/compensate"));
  EXPECT_EQ(all.back(), "a/compensate");
}

TEST(saga, parallel_steps_go_on_when_all_are_done) {
  saga_world w({{"steps", {{{"parallel", {a_step("p"), a_step("q")}}}, a_step("z")}}});
  w.scripts["p/run"] = {ok("1", 50)};
  w.ask("start");
  w.run_for(20);
  EXPECT_THAT(w.sent(), ElementsAre("p/run", "q/run"));
  w.run_for(100);
  EXPECT_THAT(w.sent(), ElementsAre("p/run", "q/run", "z/run"));
  EXPECT_EQ(w.state(), "COMPLETED");
}

// --- requests ---------------------------------------------------------------------------------

TEST(saga, a_second_start_with_the_same_input_is_answered_and_another_input_refused) {
  saga_world w(transfer());
  w.ask("start", input);
  EXPECT_EQ(w.ask("start", R"({ "amount": 12.5, "to": "bert", "from": "anna" })").status, SPAWN_OK);
  const call_answer other = w.ask("start", R"({"from":"anna","to":"bert","amount":13})");
  EXPECT_EQ(other.status, SPAWN_E_CONFLICT);
  EXPECT_THAT(other.error, HasSubstr("another input"));
  w.run_for(1'000);
  EXPECT_EQ(json::parse(text_of(w.ask("start", input).payload))["state"], "COMPLETED");
  EXPECT_EQ(w.sent().size(), 2u);
}

TEST(saga, await_is_answered_at_the_end_and_at_once_behind_it) {
  saga_world w(three_steps());
  w.ask("start");
  const auto one = w.driver.call(w.parent, w.id, "await");
  const auto two = w.driver.call(w.parent, w.id, "await");
  EXPECT_EQ(w.driver.answer(one), nullptr);
  w.run_for(1'000);
  for (const auto id : {one, two}) {
    ASSERT_NE(w.driver.answer(id), nullptr);
    EXPECT_EQ(json::parse(text_of(w.driver.answer(id)->payload))["state"], "COMPLETED");
  }
  EXPECT_EQ(json::parse(text_of(w.ask("await").payload))["state"], "COMPLETED");
}

TEST(saga, no_more_than_64_wait_and_those_past_their_deadline_make_room) {
  saga_world w(three_steps());
  w.scripts["a/run"] = {ok("1", 10'000)};
  w.ask("start");
  for (int i = 0; i < 64; ++i) {
    w.driver.call(w.parent, w.id, "await", {}, w.driver.now + 5'000);
  }
  EXPECT_EQ(w.ask("await").status, SPAWN_E_EXHAUSTED);
  w.run_for(5'000);
  const auto late = w.driver.call(w.parent, w.id, "await");
  EXPECT_EQ(w.driver.answer(late), nullptr);
  w.run_for(60'000);
  EXPECT_NE(w.driver.answer(late), nullptr);
}

TEST(saga, is_not_found_before_its_start_and_refuses_unknown_actions) {
  saga_world w(three_steps());
  for (const char* action : {"status", "await", "cancel", "retry", "compensate", "get", ""}) {
    EXPECT_EQ(w.ask(action).status, SPAWN_E_NOT_FOUND) << action;
  }
  w.ask("start");
  EXPECT_EQ(w.ask("explode").status, SPAWN_E_UNSUPPORTED);
  EXPECT_EQ(w.ask("get").status, SPAWN_OK);
}

TEST(saga, is_kept_for_its_time_and_then_forgotten) {
  json saga = three_steps();
  saga["keep"] = "1h";
  saga_world w(saga);
  w.ask("start");
  w.run_for(1'000);
  w.run_for(3'590'000);
  EXPECT_EQ(w.state(), "COMPLETED");
  w.run_for(20'000);
  EXPECT_FALSE(w.driver.exists(w.parent, w.id));
  EXPECT_EQ(w.ask("status").status, SPAWN_E_NOT_FOUND);
}

TEST(saga, shows_states_attempts_and_times) {
  saga_world w(three_steps());
  w.scripts["b/run"] = {failure(30)};
  const std::int64_t begin = w.driver.now;
  w.ask("start");
  w.run_for(1'000);
  const json all = w.status();
  EXPECT_EQ(all, json::parse(w.driver.describe(w.parent, w.id)));
  EXPECT_EQ(all["saga"], "t");
  EXPECT_EQ(all["id"], "s-1");
  EXPECT_EQ(all["started_unix_ms"], begin);
  EXPECT_EQ(all["ended_unix_ms"], begin + 32);
  EXPECT_EQ(w.step("a")["compensation"]["state"], "COMPENSATED");
  EXPECT_EQ(w.step("b")["state"], "FAILED");
  EXPECT_EQ(w.step("b")["attempts"], 1);
  EXPECT_EQ(w.step("b")["started_unix_ms"], begin + 1);
  EXPECT_EQ(w.step("b")["ended_unix_ms"], begin + 31);
  EXPECT_EQ(w.step("b")["cause"], "no");
  EXPECT_EQ(w.step("c")["state"], "PENDING");
}

}  // namespace
}  // namespace spawn::contract
