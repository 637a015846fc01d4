// Retries, time-outs, late outcomes, the deadline.
#include "contract/workflow/saga_world.hpp"

namespace spawn::contract {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
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

}  // namespace
}  // namespace spawn::contract
