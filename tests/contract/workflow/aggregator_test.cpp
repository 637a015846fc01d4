// aggregator: what goes into a batch, when it is sent, that nothing is lost or sent twice.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <set>

#include "contract/workflow/flow_driver.hpp"
#include "contract/workflow/mutate.hpp"
#include "contract/workflow/plugin_files.hpp"

namespace spawn::contract {
namespace {

using nlohmann::json;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;

json rows(const json& more = json::object()) {
  json out{{"count", 3}, {"timeout", "5s"}, {"target", {{"actor", "report"}, {"action", "take"}}}};
  out.update(more);
  return out;
}

class aggregate_world {
 public:
  explicit aggregate_world(const json& aggregate)
      : driver("aggregator", json{{"aggregates", {{"t", aggregate}}}}.dump()) {}
  call_answer ask(const std::string& action, const payload& with = {}) {
    return driver.ask("aggregate/t", "one", action, with);
  }
  call_answer add(const std::string& text) { return ask("add", json_of(text)); }
  void run_for(std::int64_t ms) { driver.run(driver.now + ms); }
  [[nodiscard]] std::vector<std::string> items() const {
    std::vector<std::string> out;
    for (const sent_call& s : driver.sent) {
      out.push_back(json::parse(text_of(s.what.payload))["items"].dump());
    }
    return out;
  }
  json status() { return json::parse(text_of(ask("status").payload)); }

  flow_driver driver;
};

TEST(aggregator, sends_a_full_batch_as_one_durable_message) {
  aggregate_world w(rows());
  EXPECT_EQ(json::parse(text_of(w.add("1").payload))["count"], 1);
  w.add(R"({"b":2})");
  EXPECT_THAT(w.driver.sent, IsEmpty());
  EXPECT_EQ(json::parse(text_of(w.add("[3]").payload))["sent"], true);
  ASSERT_EQ(w.driver.sent.size(), 1u);
  const command& c = w.driver.sent[0].what;
  EXPECT_EQ(c.mode, SPAWN_WF_DETACH);
  EXPECT_EQ(c.to, (actor{"shop", "", "report"}));
  EXPECT_EQ(c.action, "take");
  const json batch = json::parse(text_of(c.payload));
  EXPECT_EQ(batch["items"].dump(), R"([1,{"b":2},[3]])");
  EXPECT_EQ(batch["count"], 3);
  EXPECT_THAT(c.meta, Contains(Pair("spawn-aggregate-batch", batch["batch"].get<std::string>())));
  w.run_for(10'000);
  EXPECT_EQ(w.driver.sent.size(), 1u) << "the timer of a sent batch is gone";
}

TEST(aggregator, sends_what_is_there_a_while_after_the_first_message) {
  aggregate_world w(rows());
  const std::int64_t begin = w.driver.now;
  w.add("1");
  w.run_for(3'000);
  w.add("2");
  w.run_for(10'000);
  EXPECT_THAT(w.items(), ElementsAre("[1,2]"));
  EXPECT_EQ(w.driver.sent[0].at, begin + 5'000);
}

TEST(aggregator, keeps_keys_apart) {
  aggregate_world w(rows(
      {{"key", "{input.region}"}, {"target", {{"actor", "report-{key}"}, {"action", "take"}}}}));
  for (int i = 0; i < 3; ++i) {
    w.add(R"({"region":"eu"})");
    w.add(R"({"region":7})");
  }
  ASSERT_EQ(w.driver.sent.size(), 2u);
  EXPECT_EQ(w.driver.sent[0].what.to.name, "report-eu");
  EXPECT_EQ(w.driver.sent[1].what.to.name, "report-7");
  EXPECT_EQ(json::parse(text_of(w.driver.sent[1].what.payload))["key"], "7");
  for (const char* bad : {R"({"area":"eu"})", R"({"region":""})", R"({"region":[1]})", "{"}) {
    EXPECT_EQ(w.add(bad).status, SPAWN_E_INVALID) << bad;
  }
  EXPECT_EQ(w.add(R"({"region":")" + std::string(257, 'k') + R"("})").status, SPAWN_E_INVALID);
}

TEST(aggregator, takes_messages_of_any_type) {
  aggregate_world w(rows());
  w.ask("add", {SPAWN_P_VALUE, "x/Order", std::string("\x01\xFF", 2)});
  w.ask("add", {SPAWN_P_NOOP, "", ""});
  w.add("\"text\"");
  EXPECT_THAT(w.items(), ElementsAre(R"([{"base64":"Af8=","type_url":"x/Order"},null,"text"])"));
}

TEST(aggregator, a_message_nested_as_deep_as_allowed_can_be_sent) {
  aggregate_world w(rows({{"count", 1}}));
  const std::string deep = std::string(64, '[') + std::string(64, ']');
  EXPECT_EQ(w.add(deep).status, SPAWN_OK);
  EXPECT_THAT(w.items(), ElementsAre("[" + deep + "]"));
}

TEST(aggregator, a_batch_is_sent_before_it_grows_too_large) {
  aggregate_world w(rows({{"count", 100}, {"max_bytes", 1'024}}));
  const std::string item = "\"" + std::string(500, 'x') + "\"";
  w.add(item);
  w.add(item);
  EXPECT_THAT(w.driver.sent, IsEmpty());
  EXPECT_EQ(json::parse(text_of(w.add(item).payload))["count"], 1);
  ASSERT_EQ(w.driver.sent.size(), 1u);
  EXPECT_EQ(json::parse(text_of(w.driver.sent[0].what.payload))["count"], 2);
  EXPECT_EQ(w.add("\"" + std::string(1'022, 'x') + "\"").status, SPAWN_E_TOO_LARGE);
  EXPECT_EQ(w.add("\"" + std::string(1'021, 'x') + "\"").status, SPAWN_OK);
  EXPECT_EQ(w.ask("add", {SPAWN_P_VALUE, "x", std::string(65'536, 'x')}).status, SPAWN_E_TOO_LARGE);
}

TEST(aggregator, fills_in_a_payload_of_ones_own) {
  aggregate_world w(
      rows({{"target",
             {{"actor", "report"},
              {"action", "take"},
              {"payload", {{"rows", "{items}"}, {"n", "{count}"}, {"by", "{aggregate.id}"}}}}}}));
  for (const char* item : {"1", "2", "3"}) {
    w.add(item);
  }
  ASSERT_EQ(w.driver.sent.size(), 1u);
  EXPECT_EQ(text_of(w.driver.sent[0].what.payload), R"({"by":"one","n":3,"rows":[1,2,3]})");
}

TEST(aggregator, flush_sends_all_or_one_key) {
  aggregate_world w(rows({{"key", "{input.k}"}}));
  EXPECT_EQ(w.ask("flush").status, SPAWN_E_NOT_FOUND);
  for (const char* key : {"a", "b", "c"}) {
    w.add(R"({"k":")" + std::string(key) + R"("})");
  }
  EXPECT_EQ(text_of(w.ask("flush", json_of(R"({"key":"b"})")).payload), R"({"sent_batches":1})");
  EXPECT_THAT(w.items(), ElementsAre(R"([{"k":"b"}])"));
  EXPECT_EQ(w.ask("flush", json_of("5")).status, SPAWN_E_INVALID);
  EXPECT_EQ(w.status()["open"].size(), 2u);
  EXPECT_EQ(text_of(w.ask("flush").payload), R"({"sent_batches":2})");
  EXPECT_EQ(w.driver.sent.size(), 3u);
  EXPECT_EQ(w.status(), json::parse(w.driver.describe("aggregate/t", "one")));
  EXPECT_EQ(w.ask("sing").status, SPAWN_E_UNSUPPORTED);
}

TEST(aggregator, is_bounded_in_keys_and_bytes) {
  aggregate_world w(rows({{"key", "{input.k}"}}));
  for (int i = 0; i < 64; ++i) {
    EXPECT_EQ(w.add(R"({"k":)" + std::to_string(i) + "}").status, SPAWN_OK);
  }
  EXPECT_EQ(w.add(R"({"k":64})").status, SPAWN_E_EXHAUSTED);
  EXPECT_EQ(w.add(R"({"k":3})").status, SPAWN_OK);
  aggregate_world large(rows({{"key", "{input.k}"}}));
  const std::string filler(48'000, 'x');
  for (int i = 0; i < 4; ++i) {
    EXPECT_EQ(large.add(json{{"k", i}, {"x", filler}}.dump()).status, SPAWN_OK);
  }
  EXPECT_EQ(large.add(json{{"k", 9}, {"x", filler}}.dump()).status, SPAWN_E_EXHAUSTED);
  EXPECT_EQ(large.add(json{{"k", 1}, {"x", filler}}.dump()).status, SPAWN_E_EXHAUSTED);
  EXPECT_LT(large.driver.largest_scratch, 256u * 1024);
  large.run_for(6'000);
  EXPECT_EQ(large.driver.sent.size(), 4u);
  EXPECT_EQ(large.add(json{{"k", 9}, {"x", filler}}.dump()).status, SPAWN_OK);
}

TEST(aggregator, is_forgotten_when_idle_and_never_uses_a_batch_number_twice) {
  aggregate_world w(rows({{"count", 1}, {"idle", "1m"}}));
  std::set<std::string> ids;
  for (int round = 0; round < 3; ++round) {
    w.add("1");
    w.add("2");
    EXPECT_TRUE(w.driver.exists("aggregate/t", "one"));
    w.run_for(61'000);
    EXPECT_FALSE(w.driver.exists("aggregate/t", "one"));
  }
  for (const sent_call& s : w.driver.sent) {
    ids.insert(json::parse(text_of(s.what.payload))["batch"]);
  }
  EXPECT_EQ(ids.size(), 6u);
}

TEST(aggregator, a_cancelled_flow_sends_what_it_has) {
  aggregate_world w(rows());
  w.add("1");
  step s;
  s.event = SPAWN_WF_CANCEL;
  w.driver.event("aggregate/t", "one", s);
  EXPECT_THAT(w.items(), ElementsAre("[1]"));
  EXPECT_FALSE(w.driver.exists("aggregate/t", "one"));
}

TEST(aggregator, refuses_a_configuration_with_the_path) {
  const auto refusal_of = [](const json& aggregate) -> std::string {
    try {
      plugin_under_test::open(plugin_file("aggregator"),
                              json{{"aggregates", {{"t", aggregate}}}}.dump());
    } catch (const std::runtime_error& e) {
      return e.what();
    }
    return "taken";
  };
  const auto target = [](const json& payload, const std::string& actor = "x") {
    return rows({{"target", {{"actor", actor}, {"action", "take"}, {"payload", payload}}}});
  };
  EXPECT_THAT(refusal_of(rows({{"count", 0}})), HasSubstr("aggregates.t.count: "));
  EXPECT_THAT(refusal_of(rows({{"key", "{item}"}})), HasSubstr("aggregates.t.key: \"{item}\""));
  EXPECT_THAT(refusal_of(target("{items.0}")), HasSubstr("taken as a whole"));
  EXPECT_THAT(refusal_of(target({"{items}", "{items}"})), HasSubstr("taken as a whole"));
  EXPECT_THAT(refusal_of(target(1, "report-{key}")), HasSubstr("\"{key}\" is not known"));
  EXPECT_THAT(refusal_of(target("n {items}")), HasSubstr("can not be filled in"));
  EXPECT_THAT(refusal_of(target(1, std::string(600, 'x'))), HasSubstr("can not be filled in"));
  EXPECT_EQ(refusal_of(target("{items}")), "taken");
}

// Every message that was taken is in exactly one batch, in its key's order.
TEST(aggregator, random_messages_arrive_once_and_in_order) {
  for (std::uint64_t seed = 1; seed <= 200 && !::testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    mutator random(seed);
    aggregate_world w(rows({{"count", 1 + random.below(6)},
                            {"timeout", 1 + random.below(2'000)},
                            {"max_bytes", 1'024 + random.below(2'000)},
                            {"idle", "1s"},
                            {"key", "{input.k}"}}));
    std::map<int, std::vector<int>> added, arrived;
    for (int i = 0; i < 60; ++i) {
      const int key = static_cast<int>(random.below(5));
      const std::string filler(random.below(900), 'x');
      if (w.add(json{{"k", key}, {"n", i}, {"x", filler}}.dump()).status == SPAWN_OK) {
        added[key].push_back(i);
      }
      if (random.below(10) == 0) {
        w.driver.call("aggregate/t", "one", "flush");
      }
      w.run_for(random.below(400));
    }
    w.run_for(10'000);
    for (const sent_call& s : w.driver.sent) {
      const json batch = json::parse(text_of(s.what.payload));
      for (const json& item : batch["items"]) {
        arrived[item["k"]].push_back(item["n"]);
      }
    }
    EXPECT_EQ(arrived, added);
  }
}

}  // namespace
}  // namespace spawn::contract
