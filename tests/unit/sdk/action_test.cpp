#include "host_fixture.hpp"

namespace spawn::sdk::test {
namespace {

using action_dispatch = host_fixture;

void add_counter(host& app) {
  using ctx_type = context<counter::CounterState>;
  app.actor<counter::CounterState>("counter")
      .action<counter::AddRequest, counter::CounterState>(
          "Add",
          [](ctx_type& ctx, const counter::AddRequest& request) {
            ctx.state().set_value(ctx.state().value() + request.amount());
            return ctx.state();
          })
      .action<json>("Add",
                    [](ctx_type& ctx, const json& request) {
                      ctx.state().set_value(ctx.view().value() + std::stoll(request.text));
                      return json{std::to_string(ctx.view().value())};
                    })
      .action("Look", [](ctx_type& ctx) { return ctx.view(); })
      .action("Touch", [](ctx_type& ctx) { ctx.state().set_value(ctx.view().value()); })
      .timer("Tick", std::chrono::milliseconds(500),
             [](ctx_type& ctx) { ctx.state().set_value(ctx.state().value() + 100); });
}

TEST_F(action_dispatch, state_comes_with_the_request_and_goes_back_with_the_answer) {
  add_counter(*app_);
  auto in = invocation("counter", "Add");
  put(*in.mutable_current_context()->mutable_state(), counter_of(40));
  counter::AddRequest add;
  add.set_amount(2);
  put(*in.mutable_value(), add);
  const auto out = call(in);
  EXPECT_EQ(read<counter::CounterState>(out.updated_context().state()).value(), 42);
  EXPECT_EQ(read<counter::CounterState>(out.value()).value(), 42);
  EXPECT_EQ(out.actor_name(), "counter");
  EXPECT_EQ(out.actor_system(), "s");
}

TEST_F(action_dispatch, an_actor_without_stored_state_starts_from_a_default_one) {
  add_counter(*app_);
  auto in = invocation("counter", "Tick");
  in.mutable_noop();
  EXPECT_EQ(read<counter::CounterState>(call(in).updated_context().state()).value(), 100);
}

TEST_F(action_dispatch, an_actor_without_stored_state_starts_from_its_initial_one) {
  app_->actor<counter::CounterState>("c")
      .initial_state(counter_of(7))
      .action("Look", [](counter_context& ctx) { return ctx.view(); });
  EXPECT_EQ(read<counter::CounterState>(call(invocation("c", "Look")).value()).value(), 7);
}

TEST_F(action_dispatch, a_state_that_did_not_change_is_left_out) {
  add_counter(*app_);
  for (const char* action : {"Look", "Touch"}) {
    auto in = invocation("counter", action);
    put(*in.mutable_current_context()->mutable_state(), counter_of(5));
    EXPECT_FALSE(call(in).updated_context().has_state()) << action;
  }
}

TEST_F(action_dispatch, the_handler_for_the_type_of_the_payload_runs) {
  add_counter(*app_);
  auto in = invocation("counter", "Add");
  put(*in.mutable_value(), json{"12"});
  // Each SDK has a package of its own for JSONType.
  in.mutable_value()->set_type_url("type.googleapis.com/eigr.functions.protocol.JSONType");
  const auto out = call(in);
  EXPECT_EQ(read<json>(out.value()).text, "12");
  EXPECT_EQ(out.value().type_url(), "type.googleapis.com/spawn.JSONType");
}

TEST_F(action_dispatch, an_action_that_returns_nothing_answers_a_noop) {
  add_counter(*app_);
  const auto out = call(invocation("counter", "Tick"));
  EXPECT_TRUE(out.has_noop());
}

TEST_F(action_dispatch, an_empty_message_from_another_sdk_is_no_argument) {
  add_counter(*app_);
  auto in = invocation("counter", "Look");
  in.mutable_value()->set_type_url("type.googleapis.com/google.protobuf.Empty");
  EXPECT_TRUE(call(in).has_value());
}

TEST_F(action_dispatch, an_instance_is_found_by_its_parent) {
  app_->unnamed<counter::CounterState>("Account").action(
      "Who", [](counter_context& ctx) { return json{ctx.self().name + "/" + ctx.self().parent}; });
  auto in = invocation("ann", "Who");
  in.mutable_actor()->set_parent("Account");
  EXPECT_EQ(read<json>(call(in).value()).text, "ann/Account");
}

TEST_F(action_dispatch, tags_go_back_untouched_or_changed) {
  app_->actor("a").action("Leave", [](context<>&) {}).action("Change", [](context<>& ctx) {
    ctx.tags()["b"] = "2";
    ctx.tags().erase("a");
  });
  auto in = invocation("a", "Leave");
  (*in.mutable_current_context()->mutable_tags())["a"] = "1";
  EXPECT_EQ(call(in).updated_context().tags().at("a"), "1");
  in.set_action_name("Change");
  const auto out = call(in);
  EXPECT_EQ(out.updated_context().tags().size(), 1U);
  EXPECT_EQ(out.updated_context().tags().at("b"), "2");
}

TEST_F(action_dispatch, presence_of_an_echoed_payload_is_kept) {
  app_->actor("a").action("Echo", [](context<>& ctx) { return ctx.echo(); });
  auto in = invocation("a", "Echo");
  auto out = call(in);
  EXPECT_FALSE(out.has_value() || out.has_noop());
  in.mutable_noop();
  EXPECT_TRUE(call(in).has_noop());
  in.mutable_value()->set_type_url("t/of.Mine");
  in.mutable_value()->set_value("bytes");
  out = call(in);
  EXPECT_EQ(out.value().type_url(), "t/of.Mine");
  EXPECT_EQ(out.value().value(), "bytes");
}

// What must fail: HTTP 500 with a text that says why, which is also logged.
class action_failure : public host_fixture {
 protected:
  void fails(const wire::ActorInvocation& in, const std::string& why) {
    const raw_answer answer = wire().post(in.SerializeAsString());
    EXPECT_EQ(answer.status, 500);
    EXPECT_EQ(answer.body.substr(0, why.size()), why);
    const std::string line =
        "action " + in.action_name() + " of actor " + in.actor().name() + " failed: " + why;
    EXPECT_NE(logged().find(line), std::string::npos) << logged();
  }
};

TEST_F(action_failure, an_action_that_throws_answers_500_and_its_text) {
  app_->actor<counter::CounterState>("c")
      .action("Throw",
              [](counter_context& ctx) {
                ctx.state().set_value(1);
                ctx.broadcast("news");
                throw action_error("no more");
              })
      .action("Odd", [](counter_context&) { throw 1; })
      .action("Fine", [](counter_context&) {});
  fails(invocation("c", "Throw"), "no more");
  fails(invocation("c", "Odd"), "it threw something that is no std::exception");
  // Nothing of the failed call is left in the next answer.
  const auto out = call(invocation("c", "Fine"));
  EXPECT_FALSE(out.has_workflow());
  EXPECT_FALSE(out.updated_context().has_state());
}

TEST_F(action_failure, unknown_actors_and_actions_answer_500_and_which) {
  app_->actor("a").action("Do", [](context<>&) {});
  fails(invocation("b", "Do"), "this host has no such actor");
  fails(invocation("a", "Undo"), "the actor has no such action");
}

TEST_F(action_failure, a_payload_of_another_type_is_named) {
  add_counter(*app_);
  auto in = invocation("counter", "Add");
  put(*in.mutable_value(), counter_of(1));
  fails(in, "the payload is a counter.CounterState, the action takes counter.AddRequest or");
}

TEST_F(action_failure, bytes_that_do_not_decode_are_named) {
  add_counter(*app_);
  auto in = invocation("counter", "Add");
  put(*in.mutable_value(), counter::AddRequest());
  in.mutable_value()->set_value("\xff");
  fails(in, "the payload is not a counter.AddRequest");
}

TEST_F(action_failure, a_stored_state_of_another_type_is_never_overwritten) {
  add_counter(*app_);
  auto in = invocation("counter", "Tick");
  put(*in.mutable_current_context()->mutable_state(), counter::AccountState());
  fails(in, "the stored state of actor counter is a counter.AccountState");
}

TEST_F(action_failure, a_body_that_is_no_invocation_answers_400) {
  add_counter(*app_);
  EXPECT_EQ(wire().post("\xff\xff"), (raw_answer{400, ""}));
  EXPECT_EQ(wire().post(""), (raw_answer{400, ""}));
}

TEST(actor_declaration, mistakes_are_refused_when_they_are_made) {
  host_options options;
  options.port = 0;
  host app("s", options);
  auto& actor = app.actor("a");
  actor.action("Do", [](context<>&) {});
  EXPECT_THROW(app.actor("a"), std::invalid_argument);
  EXPECT_THROW(app.actor(""), std::invalid_argument);
  EXPECT_THROW(actor.action("Do", [](context<>&) {}), std::invalid_argument);
  EXPECT_THROW(actor.action("", [](context<>&) {}), std::invalid_argument);
  EXPECT_THROW(actor.timer("T", std::chrono::milliseconds(0), [](context<>&) {}),
               std::invalid_argument);
  EXPECT_THROW(actor.idle_timeout(std::chrono::milliseconds(0)), std::invalid_argument);
  EXPECT_THROW(host("", options), std::invalid_argument);
}

}  // namespace
}  // namespace spawn::sdk::test
