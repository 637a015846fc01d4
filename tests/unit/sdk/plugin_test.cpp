// Actors in a plugin: the same declarations, calls as bytes.
#include "spawn/sdk/plugin.hpp"

#include <gtest/gtest.h>

#include "counter.pb.h"
#include "spawn/sdk/host.hpp"
#include "spawn/sdk/wire/protocol.pb.h"

namespace spawn::sdk::test {
namespace {

using verdict = plugin_actors::lane::verdict;
using counter_context = context<counter::CounterState>;

struct plugin_stage {
  plugin_stage() {
    actors.actor<counter::CounterState>("c")
        .action("Up",
                [](counter_context& ctx) {
                  ctx.state().set_value(ctx.view().value() + 1);
                  return ctx.view();
                })
        .action("Throw", [](counter_context& ctx) {
          ctx.state().set_value(1);
          throw action_error("no more");
        });
  }
  static std::string call(const std::string& actor, const std::string& action) {
    wire::ActorInvocation in;
    in.mutable_actor()->set_name(actor);
    in.mutable_actor()->set_system("s");
    in.set_action_name(action);
    return in.SerializeAsString();
  }
  plugin_actors actors{"shop", "1.2.0"};
};

TEST(sdk_plugin, registers_what_is_declared_in_the_kernels_own_system) {
  plugin_stage s;
  wire::RegistrationRequest got;
  ASSERT_TRUE(got.ParseFromString(s.actors.registration()));
  EXPECT_EQ(got.actor_system().name(), "");
  EXPECT_EQ(got.service_info().service_name(), "shop");
  EXPECT_EQ(got.service_info().service_version(), "1.2.0");
  ASSERT_TRUE(got.actor_system().registry().actors().contains("c"));
  const auto& actor = got.actor_system().registry().actors().at("c");
  EXPECT_EQ(actor.id().system(), "");
  EXPECT_TRUE(actor.settings().stateful());
  EXPECT_EQ(actor.actions_size(), 2);
  EXPECT_THROW(s.actors.actor("late"), std::logic_error);
}

TEST(sdk_plugin, what_is_set_for_the_actors_is_an_object) {
  EXPECT_EQ(plugin_actors("shop", "1.2.0").config(), "{}");
  EXPECT_EQ(plugin_actors("shop", "1.2.0", R"({"most":3})").config(), R"({"most":3})");
  host_options options;
  options.config = R"({"most":4})";
  EXPECT_EQ(host("s", options).config(), options.config);
}

TEST(sdk_plugin, an_answer_is_an_actor_invocation_response) {
  plugin_stage s;
  plugin_actors::lane lane(s.actors);
  const auto ended = lane.run(plugin_stage::call("c", "Up"));
  ASSERT_EQ(ended.what, verdict::answered) << ended.bytes;
  wire::ActorInvocationResponse out;
  ASSERT_TRUE(out.ParseFromString(ended.bytes));
  EXPECT_EQ(out.actor_name(), "c");
  EXPECT_EQ(out.actor_system(), "s");
  counter::CounterState state;
  ASSERT_TRUE(state.ParseFromString(out.updated_context().state().value()));
  EXPECT_EQ(state.value(), 1);
}

TEST(sdk_plugin, what_is_thrown_is_the_errors_text_and_leaves_nothing_behind) {
  plugin_stage s;
  plugin_actors::lane lane(s.actors);
  auto ended = lane.run(plugin_stage::call("c", "Throw"));
  EXPECT_EQ(ended.what, verdict::failed);
  EXPECT_EQ(ended.bytes, "no more");
  ended = lane.run(plugin_stage::call("c", "Nothing"));
  EXPECT_EQ(ended.what, verdict::failed);
  EXPECT_EQ(ended.bytes, "the actor has no such action");
  ended = lane.run(plugin_stage::call("d", "Up"));
  EXPECT_EQ(ended.what, verdict::failed);
  EXPECT_EQ(ended.bytes, "this host has no such actor");
  wire::ActorInvocationResponse out;
  ended = lane.run(plugin_stage::call("c", "Up"));
  ASSERT_TRUE(out.ParseFromString(ended.bytes));
  EXPECT_FALSE(out.has_workflow());
}

TEST(sdk_plugin, bytes_that_are_no_request_are_told_apart) {
  plugin_stage s;
  plugin_actors::lane lane(s.actors);
  for (const char* bad : {"", "\xff\xff", "\x0a"}) {
    const auto ended = lane.run(bad);
    EXPECT_EQ(ended.what, verdict::no_request);
    EXPECT_NE(ended.bytes.find("not an ActorInvocation"), std::string::npos) << ended.bytes;
  }
}

}  // namespace
}  // namespace spawn::sdk::test
