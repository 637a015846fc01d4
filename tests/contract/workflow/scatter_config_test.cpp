// What scatter-gather refuses, its bounds, its part.
#include "contract/workflow/part_bytes.hpp"
#include "contract/workflow/plugin_files.hpp"
#include "contract/workflow/scatter_world.hpp"

namespace spawn::contract {
namespace {

using ::testing::HasSubstr;

TEST(scatter, no_more_than_64_wait) {
  scatter_world w(abc());
  w.world = {{"b", after(1'000)}};
  for (int i = 0; i < 64; ++i) {
    w.call("gather");
  }
  EXPECT_EQ(w.ask("gather").status, SPAWN_E_EXHAUSTED);
}

TEST(scatter, a_result_that_does_not_fit_is_an_error_of_its_target) {
  scatter_world w(abc());
  w.world = {{"b", {SPAWN_OK, {SPAWN_P_VALUE, "x", std::string(70'000, 'x')}, "", 1}}};
  w.ask("start");
  w.run_for(10);
  EXPECT_EQ(w.status()["results"][1]["code"], SPAWN_E_TOO_LARGE);
}

TEST(scatter, the_fullest_scratch_stays_below_256_kib) {
  json scatter{{"targets", json::array()}};
  for (int i = 0; i < 128; ++i) {
    scatter["targets"].push_back(a_target("target-" + std::string(50, 'n') + std::to_string(i)));
  }
  scatter_world w(scatter);
  w.driver.answers = [&](const command&) -> world_answer {
    return w.driver.sent.size() % 2 == 0
               ? world_answer{SPAWN_E_INVALID, {}, std::string(1'000, 'e'), 1}
               : world_answer{SPAWN_OK, {SPAWN_P_VALUE, "x", std::string(2'300, 'r')}, "", 1};
  };
  w.driver.ask("scatter/t", "one", "start", {SPAWN_P_VALUE, "x/Y", std::string(65'000, 'i')});
  w.run_for(100);
  EXPECT_EQ(w.status()["state"], "PARTIAL");
  EXPECT_LT(w.driver.largest_scratch, 256u * 1024);
  EXPECT_GT(w.driver.largest_scratch, 200u * 1024);
}

TEST(scatter, refuses_a_configuration_with_the_path) {
  const auto refusal_of = [](const json& scatter) -> std::string {
    try {
      plugin_under_test::open(plugin_file("scatter-gather"),
                              json{{"scatters", {{"t", scatter}}}}.dump());
    } catch (const std::runtime_error& e) {
      return e.what();
    }
    return "taken";
  };
  json item = abc();
  item["targets"][1]["actor"] = "{item}";
  EXPECT_THAT(refusal_of(item), HasSubstr("scatters.t.targets[1].actor: \"{item}\" is not known"));
  json twice = abc();
  twice["targets"][2]["name"] = "a";
  EXPECT_THAT(refusal_of(twice), HasSubstr("scatters.t.targets[2].name: another target"));
  for (const json& quorum : {json(0), json(4), json("0%"), json("101%"), json("half"), json("%")}) {
    EXPECT_THAT(refusal_of(abc({{"quorum", quorum}})), HasSubstr("scatters.t.quorum: "));
  }
  EXPECT_THAT(refusal_of(abc({{"quorum", 2}, {"mode", "first"}})), HasSubstr("scatters.t.quorum"));
  EXPECT_THAT(refusal_of(abc({{"mode", "last"}})), HasSubstr("scatters.t.mode"));
  EXPECT_THAT(refusal_of(abc({{"then", {{"actor", "x"}}}})),
              HasSubstr("scatters.t.then: \"action\""));
}

TEST(scatter, a_part_starts_one) {
  step s;
  s.part_type = "ScatterGather";
  s.part = part_bytes().text(1, "t").text(2, "order-7").any(3, "x/Order", "o");
  const auto plugin = plugin_under_test::open(plugin_file("scatter-gather"),
                                              json{{"scatters", {{"t", abc()}}}}.dump());
  const step_outcome o = plugin->run(s);
  ASSERT_EQ(o.commands.size(), 1u) << o.error;
  EXPECT_EQ(o.commands[0].to, (actor{"shop", "scatter/t", "order-7"}));
  EXPECT_EQ(o.commands[0].action, "start");
}

}  // namespace
}  // namespace spawn::contract
