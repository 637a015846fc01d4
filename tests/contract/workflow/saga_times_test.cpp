// Retries, time-outs, late outcomes, the deadline, the pivot, and what an operator does.
#include "contract/workflow/saga_world.hpp"

namespace spawn::contract {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(saga_retry, waits_twice_as_long_each_time) {
  saga_world w(
      {{"steps",
        {a_step("a",
                {{"retry", {{"attempts", 5}, {"backoff", "100ms"}, {"max_backoff", "300ms"}}}})}}});
  w.scripts["a/run"] = {failure(0), failure(0), failure(0), failure(0), ok()};
  const std::int64_t begin = w.driver.now;
  w.ask("start");
  w.run_for(10'000);
  std::vector<std::int64_t> at;
  for (const sent_call& s : w.driver.sent) {
    at.push_back(s.at - begin);
  }
  EXPECT_THAT(at, ElementsAre(0, 100, 300, 600, 900));
  EXPECT_EQ(w.state(), "COMPLETED");
  EXPECT_EQ(w.step("a")["attempts"], 5);
}

TEST(saga_retry, ends_after_the_attempts_and_goes_back) {
  saga_world w(
      {{"steps", {a_step("a"), a_step("b", {{"retry", {{"attempts", 3}, {"backoff", 10}}}})}}});
  w.repeats_last = true;
  w.scripts["b/run"] = {failure()};
  w.ask("start");
  w.run_for(10'000);
  EXPECT_THAT(w.sent(), ElementsAre("a/run", "b/run", "b/run", "b/run", "a/compensate"));
  EXPECT_EQ(w.state(), "COMPENSATED");
}

TEST(saga_timeout, a_late_success_is_undone_and_the_saga_ends_only_then) {
  saga_world w({{"steps", {a_step("a"), a_step("b", {{"timeout", "1s"}})}}});
  w.scripts["b/run"] = {ok("{}", 5'000)};
  w.ask("start");
  w.run_for(3'000);
  EXPECT_THAT(w.sent(), ElementsAre("a/run", "b/run", "a/compensate"));
  EXPECT_EQ(w.state(), "COMPENSATING");
  EXPECT_EQ(w.step("b")["state"], "LATE");
  w.run_for(10'000);
  EXPECT_THAT(w.sent(), ElementsAre("a/run", "b/run", "a/compensate", "b/compensate"));
  EXPECT_EQ(w.state(), "COMPENSATED");
}

TEST(saga_timeout, a_late_failure_needs_no_compensation) {
  saga_world w({{"steps", {a_step("a"), a_step("b", {{"timeout", "1s"}})}}});
  w.scripts["b/run"] = {failure(5'000)};
  w.ask("start");
  w.run_for(10'000);
  EXPECT_THAT(w.sent(), ElementsAre("a/run", "b/run", "a/compensate"));
  EXPECT_EQ(w.state(), "COMPENSATED");
}

TEST(saga_timeout, is_sent_again_only_where_repeats_are_recognised) {
  saga_world w({{"steps",
                 {a_step("a", {{"timeout", "1s"},
                               {"retry", {{"attempts", 3}, {"backoff", 10}, {"timeouts", true}}}}),
                  a_step("b")}}});
  w.scripts["a/run"] = {ok("1", 30'000), silence(), ok("3", 10)};
  w.ask("start");
  w.run_for(5'000);
  EXPECT_THAT(w.sent(), ElementsAre("a/run", "a/run", "a/run", "b/run"));
  EXPECT_EQ(metadata_of(w.sent("a/run", 0), "idempotency-key"), "saga/t/s-1/a/run");
  EXPECT_EQ(metadata_of(w.sent("a/run", 2), "idempotency-key"), "saga/t/s-1/a/run");
  EXPECT_EQ(metadata_of(w.sent("b/run"), "idempotency-key"), "");
  EXPECT_EQ(w.state(), "COMPLETED");
  w.run_for(60'000);
  EXPECT_EQ(w.state(), "COMPLETED") << "the first attempt's answer changes nothing";
}

TEST(saga_timeout, a_repeat_on_its_way_is_awaited_before_its_step_is_undone) {
  saga_world w({{"steps",
                 {a_step("a", {{"timeout", "1s"},
                               {"retry", {{"attempts", 2}, {"backoff", 10}, {"timeouts", true}}}}),
                  a_step("b")}}});
  w.scripts["a/run"] = {ok("1", 20'000), ok("2", 10)};
  w.scripts["b/run"] = {failure()};
  w.ask("start");
  w.run_for(10'000);
  EXPECT_THAT(w.sent(), Not(Contains("a/compensate")));
  EXPECT_EQ(w.state(), "COMPENSATING");
  w.run_for(20'000);
  EXPECT_THAT(w.sent(), ElementsAre("a/run", "a/run", "b/run", "a/compensate"));
  EXPECT_EQ(w.state(), "COMPENSATED");
}

TEST(saga_timeout, an_outcome_that_can_not_be_known_is_the_operators) {
  for (const char* word : {"ran", "skip"}) {
    saga_world w(three_steps());
    w.scripts["b/run"] = {failure(1, SPAWN_E_UNKNOWN_OUTCOME)};
    w.ask("start");
    w.run_for(10'000);
    EXPECT_EQ(w.state(), "STUCK");
    EXPECT_EQ(w.step("b")["state"], "UNKNOWN");
    EXPECT_THAT(w.sent(), ElementsAre("a/run", "b/run", "a/compensate"));
    EXPECT_EQ(w.ask("compensate", json{{word, {"b"}}}.dump()).status, SPAWN_OK);
    w.run_for(1'000);
    EXPECT_EQ(w.state(), "COMPENSATED");
    EXPECT_EQ(w.sent().size(), std::string(word) == "ran" ? 4u : 3u);
  }
}

TEST(saga_deadline, turns_a_saga_back_whatever_it_waits_for) {
  json saga{{"deadline", "2s"},
            {"steps", {a_step("a"), a_step("b", {{"retry", {{"attempts", 900}}}})}}};
  saga_world w(saga);
  w.repeats_last = true;
  w.scripts["b/run"] = {failure()};
  w.ask("start");
  w.run_for(2'500);
  EXPECT_EQ(w.state(), "COMPENSATED");
  EXPECT_EQ(w.status()["cause"], "its deadline passed");
}

TEST(saga_deadline, waits_for_the_answer_of_a_step_in_flight_before_going_back) {
  json saga = three_steps();
  saga["deadline"] = "2s";
  saga_world w(saga);
  w.scripts["b/run"] = {ok("1", 3'000)};
  w.ask("start");
  w.run_for(2'500);
  EXPECT_EQ(w.state(), "COMPENSATING");
  EXPECT_EQ(w.sent().size(), 2u);
  w.run_for(2'500);
  EXPECT_THAT(w.sent(), ElementsAre("a/run", "b/run", "b/compensate", "a/compensate"));
  EXPECT_EQ(w.state(), "COMPENSATED");
}

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
