// The guarded link of a lane, over a host link that ends calls when told to.
#include <gtest/gtest.h>

#include <deque>
#include <memory>
#include <vector>

#include "resiliency/guarded_link.hpp"

namespace spawn {
namespace {

class hand_lane final : public lane {
 public:
  hand_lane(std::uint32_t index, manual_clock& time) : lane(index, time, 1), time_(time) {}
  void run() {
    while (run_turn() != 0) {
    }
  }
  void run_for_ms(std::uint64_t ms) {
    for (std::uint64_t i = 0; i < ms; ++i) {
      time_.advance_ns(ns_per_ms);
      run();
    }
  }

 private:
  void wake() noexcept override {}
  manual_clock& time_;
};

// Keeps what it is given until the test ends it.
struct hand_link final : host_link {
  void send(host_call& call) override { out.push_back(&call); }
  // The oldest call out ends so; its end is told as a link tells it, on the lane.
  void end(host_result how, int status = 0) {
    host_call* call = out.front();
    out.pop_front();
    call->result = how;
    call->status = status;
    call->why = how == host_result::answered ? "" : "for the test";
    call->answer = "said";
    call->done(*call);
  }
  std::deque<host_call*> out;
};

struct asked : host_call {
  bool ended = false;
};

class guarded_link_test : public testing::Test {
 protected:
  void SetUp() override {
    time.advance_ns(ns_per_s);
    home.run();
    other.run();
  }
  // Rules for all lanes; breakers only where a test wants them.
  void build(call_policy rules, std::optional<breaker_policy> breaker = std::nullopt) {
    guard = std::make_unique<call_guard>(std::move(rules), 2);
    breakers = std::make_unique<host_breakers>(breaker, host_breakers::by_address{});
    guarded = std::make_unique<guarded_link>(home, link, *breakers);
    second = std::make_unique<guarded_link>(other, link, *breakers);
    guarded->connect({guarded.get(), second.get()});
    second->connect({guarded.get(), second.get()});
  }
  asked& send(call_kind kind = call_kind::caller, std::uint64_t deadline_ms = 1'000,
              bool on_other = false) {
    asked& call = *calls.emplace_back(std::make_unique<asked>());
    call.to = host;
    call.body = "body";
    call.guard = guard.get();
    call.kind = kind;
    call.deadline_ns = time.now_ns() + deadline_ms * ns_per_ms;
    call.done = [](host_call& c) { static_cast<asked&>(c).ended = true; };
    (on_other ? *second : *guarded).send(call);
    return call;
  }

  manual_clock time;
  hand_lane home{0, time};
  hand_lane other{1, time};
  hand_link link;
  std::shared_ptr<const host_address> host =
      std::make_shared<host_address>(host_address{"h", "127.0.0.1", 1});
  std::vector<std::unique_ptr<asked>> calls;
  std::unique_ptr<call_guard> guard;
  std::unique_ptr<host_breakers> breakers;
  std::unique_ptr<guarded_link> guarded;
  std::unique_ptr<guarded_link> second;
};

TEST_F(guarded_link_test, a_call_without_rules_goes_straight_on) {
  build({});
  asked& call = *calls.emplace_back(std::make_unique<asked>());
  call.to = host;
  guarded->send(call);
  ASSERT_EQ(link.out.size(), 1u);
  EXPECT_EQ(link.out.front(), &call);
}

TEST_F(guarded_link_test, an_answer_comes_back_whole) {
  build({});
  asked& call = send();
  EXPECT_EQ(link.out.front()->body, "body");
  link.end(host_result::answered, 200);
  EXPECT_TRUE(call.ended);
  EXPECT_EQ(call.status, 200);
  EXPECT_EQ(call.answer, "said");
}

TEST_F(guarded_link_test, a_refused_call_is_tried_as_often_as_the_rules_say) {
  build({.retry = {.attempts = 3, .backoff_first_ms = 10, .backoff_max_ms = 100}});
  asked& call = send();
  link.end(host_result::refused);
  EXPECT_TRUE(link.out.empty()) << "not at once";
  home.run_for_ms(12);
  ASSERT_EQ(link.out.size(), 1u);
  EXPECT_EQ(link.out.front()->body, "body");
  link.end(host_result::refused);
  home.run_for_ms(22);
  link.end(host_result::refused);
  home.run_for_ms(100);
  EXPECT_TRUE(call.ended);
  EXPECT_EQ(call.result, host_result::refused);
  EXPECT_EQ(guarded->stats().retries.get(), 2u);
}

TEST_F(guarded_link_test, what_may_have_run_is_not_tried_again_unless_the_rules_say_so) {
  build({.retry = {.attempts = 3, .backoff_first_ms = 1, .on = retry_refused | retry_unavailable}});
  asked& closed = send();
  link.end(host_result::failed);
  EXPECT_TRUE(closed.ended);
  asked& busy = send();
  link.end(host_result::answered, 503);
  EXPECT_FALSE(busy.ended);
  home.run_for_ms(5);
  link.end(host_result::answered, 500);
  EXPECT_TRUE(busy.ended) << "500 is not in the list";
  EXPECT_EQ(busy.status, 500);
}

TEST_F(guarded_link_test, nothing_ran_is_only_said_if_no_try_can_have_run) {
  build({.retry = {.attempts = 2, .backoff_first_ms = 1, .on = retry_closed}});
  asked& call = send();
  link.end(host_result::failed);
  home.run_for_ms(5);
  link.end(host_result::refused);
  EXPECT_TRUE(call.ended);
  EXPECT_EQ(call.result, host_result::failed);
}

TEST_F(guarded_link_test, no_try_begins_after_the_deadline) {
  build({.retry = {.attempts = 9, .backoff_first_ms = 100, .backoff_max_ms = 100}});
  asked& call = send(call_kind::caller, 40);
  link.end(host_result::refused);
  EXPECT_TRUE(call.ended);
}

TEST_F(guarded_link_test, a_stored_message_is_not_tried_again_within_its_turn) {
  build({.retry = {.attempts = 3, .backoff_first_ms = 1}});
  asked& call = send(call_kind::row);
  link.end(host_result::refused);
  EXPECT_TRUE(call.ended);
}

TEST_F(guarded_link_test, each_try_has_its_own_time) {
  build({.timeout_ms = 100, .retry = {.attempts = 2, .backoff_first_ms = 1, .on = retry_timeout}});
  const std::uint64_t began = time.now_ns();
  send();
  EXPECT_EQ(link.out.front()->deadline_ns, began + 100 * ns_per_ms);
  home.run_for_ms(100);
  link.end(host_result::timed_out);
  home.run_for_ms(2);
  ASSERT_EQ(link.out.size(), 1u);
  EXPECT_GT(link.out.front()->deadline_ns, began + 200 * ns_per_ms);
}

TEST_F(guarded_link_test, so_many_at_a_time_the_others_wait_in_order) {
  build({.concurrency = 1, .queue = 2});
  send();
  asked& second_call = send();
  asked& third = send();
  asked& fourth = send();
  EXPECT_EQ(link.out.size(), 1u);
  EXPECT_FALSE(fourth.ended) << "done never runs inside send";
  home.run();
  EXPECT_TRUE(fourth.ended);
  EXPECT_EQ(fourth.held, held_back::concurrency);
  link.end(host_result::answered, 200);
  home.run();
  ASSERT_EQ(link.out.size(), 1u);
  link.end(host_result::answered, 200);
  EXPECT_TRUE(second_call.ended);
  EXPECT_FALSE(third.ended);
  home.run();
  link.end(host_result::answered, 200);
  EXPECT_TRUE(third.ended);
  EXPECT_EQ(guard->slots->taken(), 0u);
  EXPECT_EQ(guard->queued, 0u);
}

TEST_F(guarded_link_test, a_place_freed_on_one_lane_serves_a_call_of_another) {
  build({.concurrency = 1, .queue = 5});
  send();
  asked& there = send(call_kind::caller, 1'000, true);
  EXPECT_EQ(link.out.size(), 1u);
  link.end(host_result::answered, 200);
  other.run();
  ASSERT_EQ(link.out.size(), 1u);
  link.end(host_result::answered, 200);
  EXPECT_TRUE(there.ended);
}

TEST_F(guarded_link_test, waiting_ends_at_the_deadline) {
  build({.concurrency = 1, .queue = 5});
  send();
  asked& waits = send(call_kind::caller, 20);
  home.run_for_ms(25);
  EXPECT_TRUE(waits.ended);
  EXPECT_EQ(waits.held, held_back::concurrency);
  EXPECT_EQ(guard->queued, 0u);
  EXPECT_EQ(guarded->stats().waiting.get(), 0u);
}

TEST_F(guarded_link_test, beyond_the_rate_a_caller_is_told_when_and_a_stored_message_waits) {
  build({.queue = 5, .rate_per_s = 10, .burst = 1});
  send();
  asked& caller = send();
  asked& row = send(call_kind::row);
  home.run();
  EXPECT_TRUE(caller.ended);
  EXPECT_EQ(caller.held, held_back::rate);
  EXPECT_EQ(caller.retry_after_ms, 100u);
  EXPECT_FALSE(row.ended);
  EXPECT_EQ(link.out.size(), 1u);
  home.run_for_ms(101);
  EXPECT_EQ(link.out.size(), 2u);
  EXPECT_EQ(guard->queued, 0u);
}

TEST_F(guarded_link_test, a_stored_message_beyond_the_queue_is_given_back) {
  build({.queue = 1, .rate_per_s = 1, .burst = 1});
  send();
  send(call_kind::row);
  asked& beyond = send(call_kind::row);
  home.run();
  EXPECT_TRUE(beyond.ended);
  EXPECT_EQ(beyond.held, held_back::rate);
}

TEST_F(guarded_link_test, init_is_never_refused) {
  build({.concurrency = 1, .queue = 0, .rate_per_s = 1, .burst = 1}, breaker_policy{.failures = 1});
  send();
  link.end(host_result::failed);
  send(call_kind::init);
  EXPECT_EQ(link.out.size(), 1u);
}

TEST_F(guarded_link_test, an_open_breaker_refuses_without_asking_the_host) {
  build({}, breaker_policy{.failures = 2, .open_ms = 50});
  for (int i = 0; i < 2; ++i) {
    send();
    link.end(host_result::refused);
  }
  asked& call = send();
  EXPECT_TRUE(link.out.empty());
  home.run();
  EXPECT_TRUE(call.ended);
  EXPECT_EQ(call.held, held_back::breaker);
  EXPECT_EQ(call.retry_after_ms, 50u);
  home.run_for_ms(50);
  send();
  EXPECT_EQ(link.out.size(), 1u) << "the probe";
  link.end(host_result::answered, 500);
  EXPECT_EQ(breakers->all().front().state, breaker_state::closed) << "a 500 is an answer";
}

TEST_F(guarded_link_test, a_call_that_the_breaker_refuses_gives_its_place_back) {
  build({.concurrency = 1, .queue = 5}, breaker_policy{.failures = 1, .open_ms = 50});
  send();
  link.end(host_result::failed);
  asked& call = send();
  home.run();
  EXPECT_EQ(call.held, held_back::breaker);
  EXPECT_EQ(guard->slots->taken(), 0u);
}

TEST_F(guarded_link_test, an_impatient_caller_says_nothing_about_the_host) {
  build({}, breaker_policy{.failures = 1});
  send(call_kind::caller, 5);
  home.run_for_ms(5);
  link.end(host_result::timed_out);
  EXPECT_EQ(breakers->all().front().state, breaker_state::closed);
  send(call_kind::caller, 1'000);
  home.run_for_ms(1'000);
  link.end(host_result::timed_out);
  EXPECT_EQ(breakers->all().front().state, breaker_state::open);
}

TEST_F(guarded_link_test, a_full_pool_of_connections_is_not_the_hosts_failure) {
  build({}, breaker_policy{.failures = 1});
  send();
  link.out.front()->held = held_back::connections;
  link.end(host_result::refused);
  EXPECT_EQ(breakers->all().front().state, breaker_state::closed);
}

TEST_F(guarded_link_test, a_gate_that_goes_takes_what_is_under_way_with_it) {
  build({.concurrency = 1, .queue = 5});
  send();
  send();
  guarded.reset();
  EXPECT_EQ(guard->slots->taken(), 1u);  // nobody is told: the kernel has stopped
}

}  // namespace
}  // namespace spawn
