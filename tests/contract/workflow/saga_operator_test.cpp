// Compensations that fail, the pivot, and what an operator does; definitions that change.
#include "contract/workflow/saga_world.hpp"

namespace spawn::contract {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

// --- compensations that fail ------------------------------------------------------------------

json quick_undo(const std::string& name) {
  return a_step(
      name, {{"compensate", {{"action", "undo"}, {"retry", {{"attempts", 2}, {"backoff", 5}}}}}});
}

TEST(saga_stuck, after_the_last_attempt_of_a_compensation_and_goes_on_by_retry) {
  saga_world w({{"steps", {quick_undo("a"), quick_undo("b"), quick_undo("c")}}});
  w.scripts["c/run"] = {failure()};
  w.scripts["b/compensate"] = {failure(), failure(), failure(), failure(), ok()};
  w.ask("start");
  const auto waiting = w.driver.call(w.parent, w.id, "await");
  w.run_for(1'000);
  EXPECT_EQ(w.state(), "STUCK");
  EXPECT_THAT(w.status()["stuck"].get<std::string>(), HasSubstr("compensation of step \"b\""));
  ASSERT_NE(w.driver.answer(waiting), nullptr) << "whoever waits hears of it";
  EXPECT_THAT(w.sent(), Not(Contains("a/compensate")));
  w.ask("retry");
  w.run_for(1'000);
  EXPECT_EQ(w.state(), "STUCK");
  w.ask("compensate");
  w.run_for(1'000);
  EXPECT_EQ(w.state(), "COMPENSATED");
  EXPECT_EQ(w.step("b")["compensation"]["attempts"], 5);
  EXPECT_EQ(w.sent().back(), "a/compensate");
}

TEST(saga_stuck, a_compensation_settled_by_hand_is_skipped) {
  saga_world w({{"steps", {quick_undo("a"), quick_undo("b"), quick_undo("c")}}});
  w.repeats_last = true;
  w.scripts["c/run"] = {failure()};
  w.scripts["b/compensate"] = {failure()};
  w.ask("start");
  w.run_for(1'000);
  EXPECT_EQ(w.ask("compensate", R"({"skip":["x"]})").status, SPAWN_E_INVALID);
  EXPECT_EQ(w.ask("compensate", R"({"drop":["b"]})").status, SPAWN_E_INVALID);
  EXPECT_EQ(w.ask("compensate", R"([1])").status, SPAWN_E_INVALID);
  EXPECT_EQ(w.ask("compensate", R"({"skip":["b"]})").status, SPAWN_OK);
  w.run_for(1'000);
  EXPECT_EQ(w.state(), "COMPENSATED");
  EXPECT_EQ(w.step("b")["compensation"]["state"], "SKIPPED");
  EXPECT_EQ(w.step("a")["compensation"]["state"], "COMPENSATED");
}

TEST(saga_stuck, a_compensation_that_timed_out_is_never_sent_twice) {
  saga_world w(
      {{"steps",
        {a_step("a", {{"compensate", {{"action", "undo"}, {"timeout", "1s"}}}}), a_step("b")}}});
  w.scripts["b/run"] = {failure()};
  w.scripts["a/compensate"] = {ok("1", 60'000)};
  w.ask("start");
  w.run_for(10'000);
  EXPECT_EQ(w.state(), "STUCK");
  w.ask("retry");
  EXPECT_EQ(w.state(), "COMPENSATING");
  w.run_for(10'000);
  EXPECT_EQ(w.state(), "STUCK");
  w.run_for(60'000);
  EXPECT_EQ(w.state(), "COMPENSATED") << "the late answer settles it";
  EXPECT_THAT(w.sent(), ElementsAre("a/run", "b/run", "a/compensate"));
}

// --- the pivot --------------------------------------------------------------------------------

json with_pivot() {
  return {{"deadline", "10s"},
          {"steps",
           {a_step("a"), a_step("p", {{"pivot", true}, {"timeout", "1s"}}),
            a_step("z", {{"timeout", "1s"}, {"retry", {{"backoff", "500ms"}}}})}}};
}

TEST(saga_pivot, behind_it_a_failing_step_is_repeated_until_it_succeeds) {
  saga_world w(with_pivot());
  w.scripts["z/run"] = {failure(), failure(), failure(), ok()};
  w.ask("start");
  w.run_for(9'000);
  EXPECT_EQ(w.state(), "COMPLETED");
  EXPECT_EQ(w.step("z")["attempts"], 4);
}

TEST(saga_pivot, behind_it_the_deadline_leads_to_stuck_and_retry_or_compensate_decide) {
  for (const char* word : {"retry", "compensate", "cancel"}) {
    saga_world w(with_pivot());
    w.repeats_last = true;
    w.scripts["z/run"] = {failure()};
    w.ask("start");
    w.run_for(9'000);
    EXPECT_EQ(w.state(), "RUNNING");
    EXPECT_EQ(w.ask("cancel").status, SPAWN_E_CONFLICT);
    w.run_for(2'000);
    EXPECT_EQ(w.state(), "STUCK");
    EXPECT_THAT(w.sent(), Not(Contains("a/compensate")));
    w.scripts.clear();
    EXPECT_EQ(w.ask(word).status, SPAWN_OK);
    w.run_for(1'000);
    EXPECT_EQ(w.state(), std::string(word) == "retry" ? "COMPLETED" : "COMPENSATED");
  }
}

TEST(saga_pivot, that_fails_turns_the_saga_back) {
  saga_world w(with_pivot());
  w.scripts["p/run"] = {failure()};
  w.ask("start");
  w.run_for(1'000);
  EXPECT_THAT(w.sent(), ElementsAre("a/run", "p/run", "a/compensate"));
  EXPECT_EQ(w.state(), "COMPENSATED");
}

TEST(saga_pivot, that_is_late_decides_when_its_outcome_comes) {
  for (const bool succeeds : {true, false}) {
    saga_world w(with_pivot());
    w.scripts["p/run"] = {succeeds ? ok("1", 20'000) : failure(20'000)};
    w.ask("start");
    w.run_for(5'000);
    EXPECT_EQ(w.state(), "RUNNING");
    EXPECT_EQ(w.ask("cancel").status, SPAWN_OK);
    EXPECT_EQ(w.status()["cancelled"], true);
    EXPECT_THAT(w.sent(), Not(Contains("a/compensate")));
    w.run_for(7'000);
    EXPECT_EQ(w.state(), "STUCK");
    w.run_for(60'000);
    EXPECT_EQ(w.state(), succeeds ? "COMPLETED" : "COMPENSATED");
  }
}

// --- an operator ------------------------------------------------------------------------------

TEST(saga_cancel, undoes_what_ran_and_waits_for_the_step_in_flight) {
  saga_world w(three_steps());
  w.scripts["b/run"] = {ok("1", 500)};
  w.ask("start");
  w.run_for(100);
  EXPECT_EQ(json::parse(text_of(w.ask("cancel").payload))["state"], "COMPENSATING");
  EXPECT_EQ(w.ask("cancel").status, SPAWN_OK);
  w.run_for(1'000);
  EXPECT_THAT(w.sent(), ElementsAre("a/run", "b/run", "b/compensate", "a/compensate"));
  EXPECT_EQ(w.state(), "COMPENSATED");
  EXPECT_EQ(w.status()["cause"], "cancelled");
  EXPECT_EQ(w.ask("cancel").status, SPAWN_OK);
  EXPECT_EQ(w.ask("retry").status, SPAWN_E_CONFLICT);
}

TEST(saga_cancel, is_refused_when_the_saga_is_completed) {
  saga_world w(three_steps());
  w.ask("start");
  w.run_for(1'000);
  EXPECT_EQ(w.ask("cancel").status, SPAWN_E_CONFLICT);
  EXPECT_EQ(w.ask("compensate").status, SPAWN_E_CONFLICT);
}

TEST(saga_cancel, comes_as_an_event_too) {
  saga_world w(three_steps());
  w.ask("start");
  step cancel;
  cancel.event = SPAWN_WF_CANCEL;
  w.driver.event(w.parent, w.id, cancel);
  w.run_for(1'000);
  EXPECT_EQ(w.state(), "COMPENSATED");
}

TEST(saga_retry, sends_a_failing_step_now_instead_of_after_its_backoff) {
  saga_world w(
      {{"steps",
        {a_step("a", {{"retry", {{"attempts", 2}, {"backoff", "1m"}, {"max_backoff", "1m"}}}})}}});
  w.scripts["a/run"] = {failure(), ok()};
  w.ask("start");
  w.run_for(100);
  EXPECT_EQ(w.step("a")["state"], "RETRYING");
  EXPECT_EQ(w.ask("compensate").status, SPAWN_E_CONFLICT) << "it is running";
  w.ask("retry");
  w.run_for(100);
  EXPECT_EQ(w.state(), "COMPLETED");
}

// --- definitions that change ------------------------------------------------------------------

TEST(saga_definition, that_changed_stops_the_saga_until_it_is_known_again) {
  const auto config = [](const json& saga) { return json{{"sagas", {{"t", saga}}}}.dump(); };
  json old_saga = three_steps();
  saga_world w(old_saga);
  w.scripts["a/run"] = {ok("1", 100)};
  w.ask("start");
  json changed{{"steps", {a_step("x"), a_step("a")}}};
  w.driver.reconfigure(config(changed));
  w.run_for(1'000);
  EXPECT_EQ(w.state(), "STUCK");
  EXPECT_THAT(w.status()["stuck"].get<std::string>(), HasSubstr("earlier"));
  EXPECT_EQ(w.ask("retry").status, SPAWN_E_CONFLICT);
  changed["earlier"] = json::array({old_saga["steps"]});
  w.driver.reconfigure(config(changed));
  step recovered;
  recovered.event = SPAWN_WF_RECOVERED;
  w.driver.event(w.parent, w.id, recovered);
  w.run_for(1'000);
  EXPECT_THAT(w.sent(), ElementsAre("a/run", "b/run", "c/run"));
  EXPECT_EQ(w.state(), "COMPLETED");
}

}  // namespace
}  // namespace spawn::contract
