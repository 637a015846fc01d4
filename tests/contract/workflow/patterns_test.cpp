// What each of the four patterns gives back for a part, field by field.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "contract/workflow/part_bytes.hpp"
#include "contract/workflow/plugin_files.hpp"
#include "contract/workflow/plugin_under_test.hpp"

namespace spawn::contract {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

step_outcome run(const std::string& plugin, step s) {
  s.part_type = plugin;
  return plugin_under_test::open(plugin_file(plugin))->run(s);
}

step_outcome run(const std::string& plugin, const std::string& part) {
  step s;
  s.part = part;
  return run(plugin, s);
}

command only(const step_outcome& o) {
  EXPECT_EQ(o.status, SPAWN_OK) << o.error;
  EXPECT_EQ(o.commands.size(), 1u);
  return o.commands.empty() ? command{} : o.commands.front();
}

part_bytes actor_id(std::string_view name, std::string_view system) {
  part_bytes id;
  id.text(1, name);
  if (!system.empty()) {
    id.text(2, system);
  }
  return id;
}

// InvocationRequest for `name`, still open for more fields.
part_bytes request_to(std::string_view name, std::string_view system = "shop") {
  return part_bytes().text(2, part_bytes().text(1, actor_id(name, system))).text(3, "charge");
}

std::string effect_of(const part_bytes& request) {
  return part_bytes().text(1, request);
}

// --- pipe and forward -----------------------------------------------------------------------

struct route_row {
  const char* plugin;
  const char* payload;
};

class routes : public ::testing::TestWithParam<route_row> {};

TEST_P(routes, go_to_the_named_actor_in_place_of_our_own_answer) {
  step s;
  s.part = part_bytes().text(1, "next").text(2, "go").text(3, "ref");
  s.meta = {{"a", "1"}, {"b", ""}};
  const command c = only(run(GetParam().plugin, s));
  EXPECT_EQ(c.kind, unsigned{SPAWN_WF_INVOKE});
  EXPECT_EQ(c.mode, unsigned{SPAWN_WF_ROUTE});
  EXPECT_EQ(c.flags, unsigned{SPAWN_WF_HAS_CALLER});
  EXPECT_EQ(c.to, (actor{"shop", "", "next"}));
  EXPECT_EQ(c.caller, s.self);
  EXPECT_EQ(c.action, "go");
  EXPECT_EQ(c.register_ref, "ref");
  EXPECT_EQ(c.payload.value, GetParam().payload);
  EXPECT_EQ(c.payload.presence, unsigned{SPAWN_P_VALUE});
  EXPECT_EQ(c.meta, s.meta);
  EXPECT_EQ(c.due_unix_ms, 0);
}

TEST_P(routes, keep_the_presence_of_the_payload) {
  for (const unsigned presence : {SPAWN_P_UNSET, SPAWN_P_VALUE, SPAWN_P_NOOP}) {
    step s;
    s.part = part_bytes().text(1, "next").text(2, "go");
    s.request = s.response = {presence, "", ""};
    EXPECT_EQ(only(run(GetParam().plugin, s)).payload.presence, presence);
  }
}

TEST_P(routes, need_an_actor) {
  const step_outcome o = run(GetParam().plugin, std::string(part_bytes().text(2, "go")));
  EXPECT_EQ(o.status, SPAWN_E_INVALID);
  EXPECT_EQ(o.error, std::string(GetParam().plugin) + ": actor is empty");
}

TEST_P(routes, are_refused_when_cut_off) {
  const std::string whole = part_bytes().text(1, "next").text(2, "go");
  for (const std::size_t n : {std::size_t{1}, std::size_t{3}, whole.size() - 1}) {
    const step_outcome o = run(GetParam().plugin, whole.substr(0, n));
    EXPECT_EQ(o.status, SPAWN_E_INVALID);
    EXPECT_THAT(o.error, HasSubstr("malformed"));
  }
}

INSTANTIATE_TEST_SUITE_P(both, routes,
                         ::testing::Values(route_row{"pipe", "resp"}, route_row{"forward", "req"}),
                         [](const auto& info) { return std::string(info.param.plugin); });

TEST(pipe, reads_the_workflow_of_the_byte_vector) {
  // The pipe of the ActorInvocationResponse vector: actor b, action f.
  const command c = only(run("pipe", std::string("\x0a\x01\x62\x12\x01\x66", 6)));
  EXPECT_EQ(c.to.name, "b");
  EXPECT_EQ(c.action, "f");
}

// --- broadcast ------------------------------------------------------------------------------

TEST(broadcast, goes_to_the_topic_without_metadata) {
  step s;
  s.part = part_bytes().text(1, "news.today").any(3, "type.example/News", "n");
  s.meta = {{"a", "1"}};
  const command c = only(run("broadcast", s));
  EXPECT_EQ(c.kind, unsigned{SPAWN_WF_BROADCAST});
  EXPECT_EQ(c.channel, "news.today");
  EXPECT_EQ(c.action, "");
  EXPECT_EQ(c.payload, (payload{SPAWN_P_VALUE, "type.example/News", "n"}));
  EXPECT_EQ(c.caller, s.self);
  EXPECT_EQ(c.flags, unsigned{SPAWN_WF_HAS_CALLER});
  EXPECT_TRUE(c.meta.empty());
}

TEST(broadcast, honours_the_action_older_sdks_name) {
  EXPECT_EQ(only(run("broadcast", std::string(part_bytes().text(1, "t").text(2, "read")))).action,
            "read");
}

TEST(broadcast, keeps_the_presence_of_the_payload) {
  const part_bytes topic = part_bytes().text(1, "t");
  EXPECT_EQ(only(run("broadcast", std::string(topic))).payload.presence, unsigned{SPAWN_P_UNSET});
  EXPECT_EQ(only(run("broadcast", std::string(part_bytes(topic).text(4, "")))).payload.presence,
            unsigned{SPAWN_P_NOOP});
  EXPECT_EQ(only(run("broadcast", std::string(part_bytes(topic).text(3, "")))).payload.presence,
            unsigned{SPAWN_P_VALUE});
  // Of a oneof the last member counts.
  EXPECT_EQ(
      only(run("broadcast", std::string(part_bytes(topic).any(3, "u", "v").text(4, "")))).payload,
      (payload{SPAWN_P_NOOP, "", ""}));
}

TEST(broadcast, needs_a_channel) {
  EXPECT_EQ(run("broadcast", "").error, "broadcast: channel_group is empty");
  EXPECT_EQ(run("broadcast", std::string(part_bytes().integer(1, 5))).error,
            "broadcast: Broadcast.channel_group is not a string");
}

// --- effect ---------------------------------------------------------------------------------

TEST(effect, calls_the_actor_and_does_not_wait) {
  step s;
  s.part =
      effect_of(part_bytes(request_to("bill")).any(4, "type.example/Charge", "12").integer(5, 1));
  const command c = only(run("effect", s));
  EXPECT_EQ(c.kind, unsigned{SPAWN_WF_INVOKE});
  EXPECT_EQ(c.mode, unsigned{SPAWN_WF_DETACH});
  EXPECT_EQ(c.flags, 0u);
  EXPECT_EQ(c.to, (actor{"shop", "", "bill"}));
  EXPECT_EQ(c.action, "charge");
  EXPECT_EQ(c.payload, (payload{SPAWN_P_VALUE, "type.example/Charge", "12"}));
  EXPECT_EQ(c.due_unix_ms, 0);
  EXPECT_EQ(c.caller, actor{});
}

TEST(effect, carries_caller_pool_and_reference_as_the_sdk_set_them) {
  const command c = only(run("effect", effect_of(part_bytes(request_to("bill"))
                                                     .text(6, actor_id("cart", "shop"))
                                                     .integer(10, 1)
                                                     .text(11, "biller")
                                                     .text(7, ""))));
  EXPECT_EQ(c.flags, unsigned{SPAWN_WF_POOLED | SPAWN_WF_HAS_CALLER});
  EXPECT_EQ(c.caller, (actor{"shop", "", "cart"}));
  EXPECT_EQ(c.register_ref, "biller");
  EXPECT_EQ(c.payload.presence, unsigned{SPAWN_P_NOOP});
}

TEST(effect, finds_the_system_in_the_actor_then_in_the_request_then_in_itself) {
  const part_bytes system = part_bytes().text(1, "other");
  EXPECT_EQ(only(run("effect", effect_of(part_bytes(request_to("b", "theirs")).text(1, system))))
                .to.system,
            "theirs");
  EXPECT_EQ(
      only(run("effect", effect_of(part_bytes(request_to("b", "")).text(1, system)))).to.system,
      "other");
  EXPECT_EQ(only(run("effect", effect_of(request_to("b", "")))).to.system, "shop");
}

TEST(effect, lays_its_own_metadata_over_the_requests) {
  step s;
  s.meta = {{"a", "1"}, {"b", "2"}, {"c", "3"}};
  s.part = effect_of(part_bytes(request_to("bill"))
                         .entry(8, "b", "mine")
                         .entry(8, "d", "4")
                         .entry(8, "d", "5")
                         .entry(8, "e", ""));
  EXPECT_THAT(only(run("effect", s)).meta,
              ElementsAre(Pair("a", "1"), Pair("b", "mine"), Pair("c", "3"), Pair("d", "5"),
                          Pair("e", "")));
}

TEST(effect, hands_the_requests_metadata_on_when_it_has_none) {
  step s;
  s.meta = {{"a", "1"}};
  s.part = effect_of(request_to("bill"));
  EXPECT_EQ(only(run("effect", s)).meta, s.meta);
}

struct due_row {
  std::int64_t scheduled_to, due;
};

class due_times : public ::testing::TestWithParam<due_row> {};

TEST_P(due_times, follow_the_schedule) {
  step s;
  s.now_unix_ms = 1'700'000'000'000;
  s.part = effect_of(part_bytes(request_to("bill")).integer(9, GetParam().scheduled_to));
  EXPECT_EQ(only(run("effect", s)).due_unix_ms, GetParam().due);
}

INSTANTIATE_TEST_SUITE_P(table, due_times,
                         ::testing::Values(due_row{0, 0}, due_row{-5, 0},
                                           due_row{1, 1'700'000'000'001},
                                           due_row{5'000, 1'700'000'005'000},
                                           due_row{99'999'999'999, 1'799'999'999'999},
                                           due_row{100'000'000'000, 100'000'000'000},
                                           due_row{1'700'000'060'000, 1'700'000'060'000}));

TEST(effect, saturates_a_relative_time_at_the_end_of_time) {
  step s;
  s.now_unix_ms = INT64_MAX - 10;
  s.part = effect_of(part_bytes(request_to("bill")).integer(9, 1'000));
  EXPECT_EQ(only(run("effect", s)).due_unix_ms, INT64_MAX);
}

TEST(effect, merges_a_request_that_comes_in_two_pieces) {
  const std::string both = part_bytes()
                               .text(1, request_to("bill").entry(8, "x", "1"))
                               .text(1, part_bytes().text(3, "refund").entry(8, "y", "2"));
  const command c = only(run("effect", both));
  EXPECT_EQ(c.to.name, "bill");
  EXPECT_EQ(c.action, "refund");
  EXPECT_THAT(c.meta, ElementsAre(Pair("x", "1"), Pair("y", "2")));
}

TEST(effect, names_the_field_that_is_wrong) {
  EXPECT_EQ(run("effect", "").error, "effect: request is missing");
  EXPECT_EQ(run("effect", effect_of(part_bytes().text(3, "go"))).error,
            "effect: request.actor.id.name is empty");
  EXPECT_EQ(run("effect", effect_of(part_bytes(request_to("b")).text(9, "soon"))).error,
            "effect: SideEffect.request.scheduled_to is not an integer");
  EXPECT_EQ(run("effect", effect_of(part_bytes(request_to("b")).text(8, "\x0a\x05k"))).error,
            "effect: SideEffect.request.metadata has a malformed entry");
  EXPECT_EQ(run("effect", "\x0a\x05k").error, "effect: SideEffect is cut off or malformed");
}

TEST(effect, takes_128_metadata_entries_and_refuses_129) {
  part_bytes request = request_to("bill");
  for (int i = 0; i < 128; ++i) {
    request.entry(8, "k" + std::to_string(i), "v");
  }
  EXPECT_EQ(only(run("effect", effect_of(request))).meta.size(), 128u);
  step s;
  s.part = effect_of(request);
  s.meta = {{"k0", "old"}};
  EXPECT_EQ(only(run("effect", s)).meta.size(), 128u);
  s.meta = {{"one more", "x"}};
  const step_outcome merged = run("effect", s);
  EXPECT_EQ(merged.status, SPAWN_E_TOO_LARGE);
  request.entry(8, "k128", "v");
  const step_outcome own = run("effect", effect_of(request));
  EXPECT_EQ(own.status, SPAWN_E_TOO_LARGE);
  EXPECT_EQ(own.error, "effect: more than 128 metadata entries");
}

TEST(every_pattern, ends_other_events_ok_with_no_commands) {
  for (const char* plugin : {"effect", "broadcast", "pipe", "forward"}) {
    for (const unsigned event : {SPAWN_WF_RESULT, SPAWN_WF_TIMER, SPAWN_WF_CALL}) {
      step s;
      s.event = event;
      s.part = "\xFF";
      const step_outcome o = run(plugin, s);
      EXPECT_EQ(o.status, SPAWN_OK);
      EXPECT_TRUE(o.commands.empty());
    }
  }
}

}  // namespace
}  // namespace spawn::contract
