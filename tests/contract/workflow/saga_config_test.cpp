// What the saga's configuration refuses, and how it says so; parts; bounds.
#include "contract/workflow/part_bytes.hpp"
#include "contract/workflow/plugin_files.hpp"
#include "contract/workflow/saga_world.hpp"

namespace spawn::contract {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string refusal_of(const json& saga) {
  try {
    plugin_under_test::open(plugin_file("saga"), json{{"sagas", {{"t", saga}}}}.dump());
  } catch (const std::runtime_error& e) {
    return e.what();
  }
  return "taken";
}

json with(const json& second_step) {
  return {{"steps", {a_step("a"), second_step}}};
}

struct bad_config {
  const char* name;
  json saga;
  const char* says;
};

class saga_refuses : public ::testing::TestWithParam<bad_config> {};

TEST_P(saga_refuses, with_the_path) {
  EXPECT_THAT(refusal_of(GetParam().saga), HasSubstr(GetParam().says));
}

json pivots() {
  return {{"steps", {a_step("a", {{"pivot", true}}), a_step("b", {{"pivot", true}})}}};
}

INSTANTIATE_TEST_SUITE_P(
    each, saga_refuses,
    ::testing::Values(
        bad_config{"unknown_reference", with(a_step("b", {{"payload", {{"amount", "{inptu.n}"}}}})),
                   "sagas.t.steps[1].payload.amount: \"{inptu.n}\" is not known here; there is "
                   "input, saga.id, saga.name, steps.a"},
        bad_config{"later_step", with(a_step("b", {{"payload", "{steps.b}"}})),
                   "sagas.t.steps[1].payload: \"{steps.b}\""},
        bad_config{"open_brace", with(a_step("b", {{"actor", "x-{input"}})),
                   "sagas.t.steps[1].actor: '{' without '}'"},
        bad_config{"closing_brace", with(a_step("b", {{"payload", {1, "}"}}})),
                   "sagas.t.steps[1].payload[1]: '}' without '{'"},
        bad_config{"empty_segment", with(a_step("b", {{"payload", "{input..x}"}})),
                   "is not a reference"},
        bad_config{"same_name", with(a_step("a")), "sagas.t.steps[1].name: another step"},
        bad_config{"bad_name", with(a_step("b.c")), "sagas.t.steps[1].name: a name has"},
        bad_config{"unknown_key", with(a_step("b", {{"retires", 1}})),
                   "sagas.t.steps[1].retires: unknown key"},
        bad_config{"no_actor", with({{"name", "b"}, {"action", "x"}}), "\"actor\" is missing"},
        bad_config{"empty_action", with(a_step("b", {{"action", ""}})),
                   "sagas.t.steps[1].action: is empty"},
        bad_config{"time", with(a_step("b", {{"timeout", "5 s"}})),
                   "sagas.t.steps[1].timeout: is not a time"},
        bad_config{"no_time", with(a_step("b", {{"timeout", 0}})), "is not between 1 and"},
        bad_config{"attempts", with(a_step("b", {{"retry", {{"attempts", 0}}}})),
                   "sagas.t.steps[1].retry.attempts: is not a number from 1 to 1000"},
        bad_config{"backoffs",
                   with(a_step("b", {{"retry", {{"backoff", "2s"}, {"max_backoff", "1s"}}}})),
                   "sagas.t.steps[1].retry.max_backoff: is below backoff"},
        bad_config{"undo_parent",
                   with(a_step("b", {{"compensate", {{"action", "u"}, {"parent", "P"}}}})),
                   "sagas.t.steps[1].compensate.parent: needs an actor beside it"},
        bad_config{"undo_reference",
                   with(a_step("b", {{"compensate", {{"action", "u"}, {"payload", "{steps.c}"}}}})),
                   "sagas.t.steps[1].compensate.payload: \"{steps.c}\""},
        bad_config{"two_pivots", pivots(), "sagas.t.steps[1].pivot: step \"a\" is the pivot"},
        bad_config{"parallel_pivot",
                   {{"steps", json::array({{{"parallel", {a_step("a", {{"pivot", true}})}}}})}},
                   "sagas.t.steps[0].parallel[0].pivot: a parallel step"},
        bad_config{"nested",
                   {{"steps", json::array({{{"parallel", json::array({{{"parallel", 1}}})}}})}},
                   "sagas.t.steps[0].parallel[0].parallel: unknown key"},
        bad_config{"no_steps", {{"steps", json::array()}}, "sagas.t.steps: is not a list of 1"},
        bad_config{"deadline",
                   {{"steps", {a_step("a")}}, {"deadline", "x"}},
                   "sagas.t.deadline: is not a time"}),
    [](const auto& info) { return std::string(info.param.name); });

json steps_of(std::size_t n) {
  json steps = json::array();
  for (std::size_t i = 0; i < n; ++i) {
    steps.push_back(a_step("s" + std::to_string(i)));
  }
  return {{"steps", steps}};
}

TEST(saga_bounds, takes_128_steps_and_not_129) {
  saga_world w(steps_of(128));
  w.ask("start");
  w.run_for(10'000);
  EXPECT_EQ(w.state(), "COMPLETED");
  EXPECT_THAT(refusal_of(steps_of(129)), HasSubstr("sagas.t.steps: is not a list of 1 to 128"));
  json grouped = steps_of(100);
  json together = json::array();
  for (int i = 0; i < 29; ++i) {
    together.push_back(a_step("p" + std::to_string(i)));
  }
  grouped["steps"].push_back({{"parallel", together}});
  EXPECT_THAT(refusal_of(grouped), HasSubstr("a saga has at most 128 steps"));
}

TEST(saga_bounds, takes_an_input_of_64_kib_and_not_more) {
  saga_world w(three_steps());
  const payload fits{SPAWN_P_VALUE, "x/Y", std::string(65'536 - 3, 'x')};
  payload large = fits;
  large.value += 'x';
  EXPECT_EQ(w.driver.ask(w.parent, w.id, "start", large).status, SPAWN_E_TOO_LARGE);
  EXPECT_EQ(w.driver.ask(w.parent, w.id, "start", fits).status, SPAWN_OK);
}

TEST(saga_bounds, a_result_too_large_to_keep_fails_only_who_refers_to_it) {
  saga_world w({{"steps", {a_step("a"), a_step("b"), a_step("c", {{"payload", "{steps.b}"}})}}});
  const payload large{SPAWN_P_VALUE, "x/Y", std::string(65'536, 'x')};
  w.scripts["a/run"] = {{SPAWN_OK, large, "", 1}};
  w.scripts["b/run"] = {{SPAWN_OK, large, "", 1}};
  w.ask("start");
  w.run_for(1'000);
  EXPECT_THAT(w.sent(), ElementsAre("a/run", "b/run", "b/compensate", "a/compensate"));
  EXPECT_THAT(w.status()["cause"].get<std::string>(), HasSubstr("too large to be kept"));
}

TEST(saga_bounds, the_fullest_scratch_stays_below_256_kib) {
  json saga = steps_of(128);
  for (json& step : saga["steps"]) {
    step["payload"] = "{input}";
    step["compensate"]["payload"] = "{steps." + step["name"].get<std::string>() + "}";
    step["compensate"]["retry"] = {{"attempts", 2}, {"backoff", 1}};
  }
  saga_world w(saga);
  w.driver.answers = [](const command& c) -> world_answer {
    if (label_of(c) == "s127/run") {
      return {SPAWN_E_INVALID, {}, std::string(10'000, 'e'), 1};
    }
    if (metadata_of(c, "spawn-saga-phase") == "run") {
      return {SPAWN_OK, {SPAWN_P_VALUE, "x/Y", std::string(5'000, 'r')}, "", 1};
    }
    return {SPAWN_E_INVALID, {}, std::string(10'000, 'e'), 1};
  };
  w.driver.ask(w.parent, w.id, "start", {SPAWN_P_VALUE, "x/Y", std::string(65'000, 'i')});
  w.run_for(100'000);
  EXPECT_EQ(w.state(), "STUCK");
  EXPECT_LT(w.driver.largest_scratch, 256u * 1024);
  EXPECT_GT(w.driver.largest_scratch, 150u * 1024);
}

// --- the part -----------------------------------------------------------------------------------

step_outcome begin(const std::string& part, std::uint64_t flow_id = 3) {
  step s;
  s.part_type = "Saga";
  s.part = part;
  s.flow_id = flow_id;
  s.call_id = flow_id;
  const std::string config = json{{"sagas", {{"t", three_steps()}}}}.dump();
  return plugin_under_test::open(plugin_file("saga"), config)->run(s);
}

TEST(saga_part, sends_start_to_the_virtual_actor) {
  const auto o = begin(part_bytes().text(1, "t").text(2, "order-7").any(3, "x/Order", "o"));
  ASSERT_EQ(o.commands.size(), 1u) << o.error;
  const command& c = o.commands[0];
  EXPECT_EQ(c.kind, SPAWN_WF_INVOKE);
  EXPECT_EQ(c.mode, SPAWN_WF_DETACH);
  EXPECT_EQ(c.to, (actor{"shop", "saga/t", "order-7"}));
  EXPECT_EQ(c.caller, (actor{"shop", "", "cart"}));
  EXPECT_EQ(c.action, "start");
  EXPECT_EQ(c.payload, (payload{SPAWN_P_VALUE, "x/Order", "o"}));
}

TEST(saga_part, makes_an_id_from_the_flow_that_is_the_same_when_run_again) {
  const std::string part = part_bytes().text(1, "t").any(3, "x/Order", "o");
  const std::string other = part_bytes().text(1, "t").any(3, "x/Order", "p");
  const auto id = [](const step_outcome& o) { return o.commands.at(0).to.name; };
  EXPECT_EQ(id(begin(part)), id(begin(part)));
  EXPECT_NE(id(begin(part)), id(begin(part, 4)));
  EXPECT_NE(id(begin(part)), id(begin(other)));
  EXPECT_EQ(begin(part, 0).status, SPAWN_E_INVALID);
}

TEST(saga_part, is_refused_for_a_saga_that_is_not_declared) {
  const auto o = begin(part_bytes().text(1, "u").text(2, "order-7"));
  EXPECT_EQ(o.status, SPAWN_E_INVALID);
  EXPECT_THAT(o.error, HasSubstr("\"u\" is not declared"));
}

}  // namespace
}  // namespace spawn::contract
