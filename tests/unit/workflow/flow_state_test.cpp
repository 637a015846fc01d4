#include "workflow/flow_state.hpp"

#include <gtest/gtest.h>

namespace spawn {
namespace {

std::shared_ptr<const awaited_by> somebody() {
  auto out = std::make_shared<awaited_by>();
  out->flow = actor_id(actor_view{"shop", "saga/order", "7"});
  out->life = 3;
  out->token = 4;
  out->failures_only = true;
  out->sender = "shop/7/saga%2Forder";
  out->birth = 5;
  out->seq = 6;
  return out;
}

flow_state example() {
  flow_state out;
  out.life = 42;
  out.schema = 2;
  out.scratch = std::string("scratch\0bytes", 13);
  out.incarnation = 77;
  out.next_call = 9;
  out.waits = {{1, 0}, {2, 1'700'000'000'000}};
  out.timers = {{3, 1'700'000'000'500}};
  out.callers = {{4, {5, 6}, nullptr, 1'700'000'001'000}, {5, {}, somebody(), 0}};
  out.armed = {1'700'000'000'500, 1'700'000'000'000};
  return out;
}

TEST(FlowState, GivesBackWhatItTook) {
  const flow_state from = example();
  const auto read = decode_flow(encode_flow(from));
  ASSERT_TRUE(read) << read.error().text;
  EXPECT_EQ(read->life, from.life);
  EXPECT_EQ(read->schema, from.schema);
  EXPECT_EQ(read->scratch, from.scratch);
  EXPECT_EQ(read->incarnation, from.incarnation);
  EXPECT_EQ(read->next_call, from.next_call);
  ASSERT_EQ(read->waits.size(), 2u);
  EXPECT_EQ(read->waits[1].until_ms, 1'700'000'000'000);
  ASSERT_EQ(read->timers.size(), 1u);
  EXPECT_EQ(read->timers[0].token, 3u);
  EXPECT_EQ(read->armed, from.armed);
  ASSERT_EQ(read->callers.size(), 2u);
  EXPECT_EQ(read->callers[0].place.id, 6u);
  EXPECT_EQ(read->callers[0].awaited, nullptr);
  ASSERT_NE(read->callers[1].awaited, nullptr);
  EXPECT_EQ(read->callers[1].awaited->flow.view(), somebody()->flow.view());
  EXPECT_EQ(read->callers[1].awaited->seq, 6u);
  EXPECT_TRUE(read->callers[1].awaited->failures_only);
  EXPECT_EQ(encode_flow(*read), encode_flow(from));
}

TEST(FlowState, KeepsWhatANewerKernelWrote) {
  std::string bytes = encode_flow(example());
  bytes += '\x63';
  bytes += '\x02';
  bytes += "xy";
  const auto read = decode_flow(bytes);
  ASSERT_TRUE(read) << read.error().text;
  EXPECT_EQ(encode_flow(*read), bytes);
}

TEST(FlowState, RefusesWhatIsNoFlow) {
  EXPECT_EQ(decode_flow("").error().code, errc::corrupt);
  std::string newer = encode_flow(example());
  newer[0] = 2;
  EXPECT_EQ(decode_flow(newer).error().code, errc::unsupported);
  flow_state none;
  EXPECT_EQ(decode_flow(encode_flow(none)).error().code, errc::corrupt);
  const std::string whole = encode_flow(example());
  for (std::size_t n = 1; n < whole.size(); ++n) {
    const auto read = decode_flow(std::string_view(whole).substr(0, n));
    EXPECT_TRUE(!read || read->life == 42) << n << ": only a cut between fields is no fault";
  }
}

TEST(FlowState, IsLookedAtWhenTheFirstOfItsTimesHasCome) {
  flow_state state;
  EXPECT_EQ(state.next_due(), 0);
  state.waits = {{1, 0}};
  EXPECT_EQ(state.next_due(), 0);
  state.timers = {{2, 500}, {3, 300}};
  EXPECT_EQ(state.next_due(), 300);
  state.waits.push_back({4, 200});
  EXPECT_EQ(state.next_due(), 200);
}

TEST(FlowState, EndsAWaitOnce) {
  flow_state state = example();
  EXPECT_TRUE(state.end_wait(1));
  EXPECT_FALSE(state.end_wait(1));
  EXPECT_FALSE(state.end_wait(3)) << "a timer is no wait";
  state.drop(2);
  state.drop(3);
  state.drop(99);
  EXPECT_TRUE(state.waits.empty());
  EXPECT_TRUE(state.timers.empty());
}

}  // namespace
}  // namespace spawn
