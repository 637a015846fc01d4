#include "workflow/flow_runner.hpp"

#include <gtest/gtest.h>

#include <functional>

#include "unit/router/hand_lane.hpp"
#include "wire/common.hpp"

namespace spawn {
namespace {

// A plugin whose steps are what the test says.
class scripted_port final : public workflow_port {
 public:
  using script = std::function<spawn_status(const spawn_wf_step&, std::vector<spawn_wf_command>&)>;
  explicit scripted_port(script does) : does_(std::move(does)) {}

  [[nodiscard]] std::string_view name() const noexcept override { return "scripted"; }
  [[nodiscard]] const std::vector<std::string>& part_types() const noexcept override {
    return none_;
  }
  [[nodiscard]] const std::vector<std::string>& virtual_parents() const noexcept override {
    return none_;
  }
  [[nodiscard]] bool accepts_scratch(std::uint32_t schema) const noexcept override {
    return schema == 1;
  }
  [[nodiscard]] result<std::string> describe(std::uint32_t, std::string_view) const override {
    return fail(errc::unsupported, "not here");
  }
  void submit(lane&, std::span<spawn_op* const> ops) override {
    for (spawn_op* op : ops) {
      auto& step = reinterpret_cast<spawn_wf_step&>(*op);
      commands_.clear();
      step.op.status = does_(step, commands_);
      if (step.op.status == SPAWN_OK) {
        step.out = commands_.data();
        step.n_out = static_cast<std::uint32_t>(commands_.size());
        step.out_stride = sizeof(spawn_wf_command);
      }
      static_cast<void>(port_op::end(step.op));
    }
  }

 private:
  script does_;
  std::vector<spawn_wf_command> commands_;
  std::vector<std::string> none_;
};

spawn_wf_command command(std::uint32_t kind, std::uint64_t token = 0) {
  spawn_wf_command out{};
  out.struct_size = sizeof out;
  out.kind = kind;
  out.token = token;
  return out;
}

spawn_wf_command scratch(std::string_view bytes) {
  auto out = command(SPAWN_WF_SCRATCH);
  out.bytes = slice_of(bytes);
  out.schema = 1;
  return out;
}

spawn_wf_command call(std::uint64_t token, std::uint32_t mode = SPAWN_WF_WAIT) {
  auto out = command(SPAWN_WF_INVOKE, token);
  out.mode = mode;
  out.to = {slice_of("shop"), {}, slice_of("stock")};
  out.action = slice_of("reserve");
  return out;
}

class FlowRunner : public testing::Test {
 protected:
  result<void> run(scripted_port::script does) {
    scripted_port port(std::move(does));
    return runner.run(port, in, state, out);
  }
  result<void> give(std::vector<spawn_wf_command> commands) {
    return run([&](const spawn_wf_step&, std::vector<spawn_wf_command>& to) {
      to = commands;
      return SPAWN_OK;
    });
  }

  manual_clock clock;
  test::hand_lane lane{clock};
  byte_budget budget{1 << 20};
  flow_runner runner{lane, budget};
  invocation message;
  flow_state state;
  flow_output out;
  flow_input in = [this] {
    flow_input made;
    made.self = {"shop", "saga/order", "7"};
    made.message = &message;
    made.call_id = 5;
    made.new_life = 42;
    return made;
  }();
};

TEST_F(FlowRunner, BeginsAFlowWithItsFirstScratch) {
  ASSERT_TRUE(give({scratch("one"), call(1), command(SPAWN_WF_SET_TIMER, 2)}));
  EXPECT_EQ(state.life, 42u);
  EXPECT_EQ(state.scratch, "one");
  ASSERT_EQ(state.waits.size(), 1u);
  EXPECT_EQ(state.waits[0].until_ms, 0) << "nothing cuts it off";
  ASSERT_EQ(state.timers.size(), 1u);
  ASSERT_EQ(out.sends.size(), 1u);
  ASSERT_NE(out.sends[0]->row, nullptr);
  EXPECT_EQ(out.sends[0]->row->kind, row_kind::flow_invoke);
  const awaited_by& who = *out.sends[0]->row->awaited;
  EXPECT_EQ(who.flow.view(), in.self);
  EXPECT_EQ(who.life, 42u);
  EXPECT_EQ(who.token, 1u);
  EXPECT_FALSE(who.failures_only);
}

TEST_F(FlowRunner, KeepsItsLifeOverLaterScratches) {
  ASSERT_TRUE(give({scratch("one")}));
  in.new_life = 99;
  ASSERT_TRUE(give({scratch("two")}));
  EXPECT_EQ(state.life, 42u);
  EXPECT_EQ(state.scratch, "two");
}

TEST_F(FlowRunner, HandsTheEventToThePlugin) {
  state.life = 42;
  state.schema = 1;
  state.scratch = "kept";
  in.event = SPAWN_WF_FAILURE;
  in.token = 3;
  in.status = errc::deadline;
  in.error = "too slow";
  ASSERT_TRUE(run([&](const spawn_wf_step& step, std::vector<spawn_wf_command>&) {
    EXPECT_EQ(step.event, static_cast<std::uint32_t>(SPAWN_WF_FAILURE));
    EXPECT_EQ(step.token, 3u);
    EXPECT_EQ(step.status, SPAWN_E_DEADLINE);
    EXPECT_EQ(view_of(step.error), "too slow");
    EXPECT_EQ(view_of(step.scratch), "kept");
    EXPECT_EQ(step.scratch_schema, 1u);
    EXPECT_EQ(step.flow_id, 42u);
    return SPAWN_OK;
  }));
}

TEST_F(FlowRunner, AnErrorChangesNothing) {
  ASSERT_TRUE(give({scratch("one"), call(1)}));
  out = {};
  const auto refused = give({scratch("two"), call(2), command(77)});
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().text.find("scripted"), std::string::npos);
  EXPECT_EQ(state.scratch, "one");
  EXPECT_EQ(state.waits.size(), 1u);
  EXPECT_TRUE(out.sends.empty());
  const auto failed = run([](const spawn_wf_step&, std::vector<spawn_wf_command>&) {
    return static_cast<spawn_status>(SPAWN_E_INVALID);
  });
  EXPECT_EQ(failed.error().code, errc::invalid);
}

TEST_F(FlowRunner, NothingWaitsBeforeThereIsAFlow) {
  EXPECT_FALSE(give({call(1), scratch("late")}));
  EXPECT_FALSE(give({command(SPAWN_WF_SET_TIMER, 1)}));
  EXPECT_TRUE(give({call(1, SPAWN_WF_DETACH)})) << "nobody waits for it";
}

TEST_F(FlowRunner, AnswersTheCallerOfTheStepAndThoseBefore) {
  state.life = 42;
  state.schema = 1;
  state.callers = {{3, {1, 2}, nullptr, 0}, {4, {1, 3}, nullptr, 0}};
  auto mine = command(SPAWN_WF_REPLY);
  mine.reply_to = 5;
  auto earlier = command(SPAWN_WF_FAIL);
  earlier.reply_to = 4;
  earlier.code = SPAWN_E_NOT_FOUND;
  earlier.bytes = slice_of("it is gone");
  auto unknown = command(SPAWN_WF_REPLY);
  unknown.reply_to = 77;
  ASSERT_TRUE(give({mine, earlier, unknown}));
  ASSERT_TRUE(out.own_answer);
  EXPECT_TRUE(out.own_answer->ok());
  ASSERT_EQ(out.answers.size(), 1u);
  EXPECT_EQ(out.answers[0].first.place.id, 3u);
  EXPECT_EQ(out.answers[0].second.why, failure::actor_not_found);
  EXPECT_EQ(out.answers[0].second.text, "it is gone");
  ASSERT_EQ(state.callers.size(), 1u);
  EXPECT_EQ(state.callers[0].call_id, 3u);
}

TEST_F(FlowRunner, TheEndLeavesNothingButTellsOtherFlows) {
  ASSERT_TRUE(give({scratch("one"), call(1), command(SPAWN_WF_SET_TIMER, 2)}));
  state.callers = {{3, {1, 2}, nullptr, 0}, {4, {}, std::make_shared<awaited_by>(), 0}};
  ASSERT_TRUE(give({command(SPAWN_WF_DONE)}));
  EXPECT_TRUE(out.done);
  EXPECT_FALSE(state.exists());
  EXPECT_TRUE(state.waits.empty() && state.timers.empty() && state.callers.empty());
  ASSERT_EQ(out.answers.size(), 1u) << "a caller of this kernel waits until its deadline";
  EXPECT_FALSE(out.answers[0].second.ok());
  EXPECT_FALSE(give({command(SPAWN_WF_DONE), scratch("again")})) << "nothing comes behind it";
}

TEST_F(FlowRunner, ATimeOutIsCountedFromTheStep) {
  auto limited = call(1);
  limited.timeout_ms = 250;
  ASSERT_TRUE(give({scratch("one"), limited}));
  EXPECT_EQ(state.waits[0].until_ms, lane.unix_ms() + 250);
}

TEST_F(FlowRunner, AScratchOfAnotherVersionIsNotTouched) {
  state.life = 42;
  state.schema = 9;
  bool ran = false;
  const auto refused = run([&](const spawn_wf_step&, std::vector<spawn_wf_command>&) {
    ran = true;
    return SPAWN_OK;
  });
  EXPECT_EQ(refused.error().code, errc::unavailable);
  EXPECT_FALSE(ran);
}

TEST_F(FlowRunner, RoutesOnlyWhatHasACaller) {
  ASSERT_TRUE(give({call(0, SPAWN_WF_ROUTE)}));
  ASSERT_NE(out.route, nullptr);
  EXPECT_EQ(out.route->hops, message.hops + 1);
  in.event = SPAWN_WF_TIMER;
  EXPECT_FALSE(give({call(0, SPAWN_WF_ROUTE)}));
}

TEST_F(FlowRunner, LimitsWhatAFlowKeeps) {
  const std::string large(limits::flow_scratch_bytes_max + 1, 'x');
  EXPECT_EQ(give({scratch(large)}).error().code, errc::too_large);
  std::vector<spawn_wf_command> timers{scratch("one")};
  for (std::uint64_t i = 0; i < 1'000; ++i) {
    timers.push_back(command(SPAWN_WF_SET_TIMER, i + 1));
  }
  ASSERT_TRUE(give(timers));
  ASSERT_TRUE(give(timers));
  EXPECT_EQ(give(timers).error().code, errc::too_large);
}

}  // namespace
}  // namespace spawn
