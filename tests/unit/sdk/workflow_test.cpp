#include "host_fixture.hpp"

namespace spawn::sdk::test {
namespace {

using workflow_parts = host_fixture;

TEST_F(workflow_parts, an_effect_is_a_whole_request_of_this_actor) {
  app_->actor("a").action("Do", [](context<>& ctx) {
    counter::AddRequest add;
    add.set_amount(3);
    effect_options later;
    later.register_ref = "Account";
    later.delay = std::chrono::hours(1);
    later.metadata = {{"k", "v"}};
    ctx.effect("b", "Add", add, later);
    ctx.effect("c", "Poke");
  });
  const auto out = call(invocation("a", "Do"));
  ASSERT_EQ(out.workflow().effects_size(), 2);
  const auto& first = out.workflow().effects(0).request();
  EXPECT_EQ(first.system().name(), "s");
  EXPECT_EQ(first.actor().id().name(), "b");
  EXPECT_EQ(first.actor().id().system(), "s");
  EXPECT_EQ(first.action_name(), "Add");
  EXPECT_EQ(read<counter::AddRequest>(first.value()).amount(), 3);
  EXPECT_TRUE(first.async());
  EXPECT_EQ(first.caller().name(), "a");
  EXPECT_EQ(first.register_ref(), "Account");
  EXPECT_EQ(first.metadata().at("k"), "v");
  const auto now = std::chrono::duration_cast<std::chrono::milliseconds>(
                       std::chrono::system_clock::now().time_since_epoch())
                       .count();
  EXPECT_NEAR(static_cast<double>(first.scheduled_to() - now), 3'600'000.0, 60'000.0);
  const auto& second = out.workflow().effects(1).request();
  EXPECT_TRUE(second.has_noop());
  EXPECT_EQ(second.scheduled_to(), 0);
}

TEST_F(workflow_parts, a_broadcast_carries_its_payload) {
  app_->actor("a").action("Do", [](context<>& ctx) {
    ctx.broadcast("old");
    ctx.broadcast("news", json{"1"});
  });
  const auto out = call(invocation("a", "Do"));
  EXPECT_EQ(out.workflow().broadcast().channel_group(), "news");
  EXPECT_EQ(read<json>(out.workflow().broadcast().value()).text, "1");
}

TEST_F(workflow_parts, pipe_and_forward_exclude_each_other) {
  app_->actor("a").action("Do", [](context<>& ctx) {
    ctx.pipe("p", "P");
    ctx.forward("f", "F", "Parent");
    ctx.checkpoint();
  });
  const auto out = call(invocation("a", "Do"));
  EXPECT_FALSE(out.workflow().has_pipe());
  EXPECT_EQ(out.workflow().forward().actor(), "f");
  EXPECT_EQ(out.workflow().forward().action_name(), "F");
  EXPECT_EQ(out.workflow().forward().register_ref(), "Parent");
  EXPECT_TRUE(out.checkpoint());
}

TEST_F(workflow_parts, a_part_for_a_plugin_is_found_by_its_type) {
  app_->actor("a").action("Do", [](context<>& ctx) { ctx.part(counter::TransferRequest()); });
  const auto out = call(invocation("a", "Do"));
  ASSERT_EQ(out.workflow().parts_size(), 1);
  EXPECT_EQ(out.workflow().parts(0).type_url(), "type.googleapis.com/counter.TransferRequest");
}

TEST_F(workflow_parts, an_action_without_workflow_sends_none) {
  app_->actor("a").action("Do", [](context<>&) {});
  EXPECT_FALSE(call(invocation("a", "Do")).has_workflow());
}

}  // namespace
}  // namespace spawn::sdk::test
