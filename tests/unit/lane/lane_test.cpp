// A lane driven by hand: the order of one turn, and its bound.
#include "lane/lane.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/limits.hpp"
#include "lane/post.hpp"

namespace spawn {
namespace {

class hand_lane final : public lane {
 public:
  explicit hand_lane(const clock& time) : lane(3, time, 1) {}
  using lane::run_turn;
  int woken = 0;

 protected:
  void wake() noexcept override { ++woken; }
};

struct note : task {
  std::vector<std::string>* log = nullptr;
  std::string text;
  hand_lane* then_on = nullptr;
  note* then = nullptr;
  note(std::vector<std::string>& to, std::string what) : log(&to), text(std::move(what)) {
    run = [](task& t) {
      auto& self = static_cast<note&>(t);
      self.log->push_back(self.text);
      if (self.then != nullptr) {
        self.then_on->defer(*self.then);
      }
    };
  }
};

struct end_note : turn_end {
  std::vector<std::string>* log = nullptr;
};

TEST(lane, runs_what_was_posted_then_what_was_deferred_then_timers_then_turn_ends) {
  manual_clock time;
  hand_lane l(time);
  std::vector<std::string> log;
  note deferred(log, "deferred");
  note first(log, "first");
  note second(log, "second");
  first.then_on = &l;
  first.then = &deferred;
  struct fired : timer {
    std::vector<std::string>* log = nullptr;
  } due;
  due.log = &log;
  due.fire = [](timer& t) { static_cast<fired&>(t).log->push_back("timer"); };
  l.timers().arm(due, time.now_ns() + 2 * ns_per_ms);
  end_note end;
  end.log = &log;
  end.run = [](turn_end& e) { static_cast<end_note&>(e).log->push_back("end"); };
  l.at_turn_end(end);
  l.at_turn_end(end);
  l.post(first);
  l.post(second);
  EXPECT_EQ(l.woken, 1) << "only the first post of an empty inbox wakes";
  time.advance_ns(5 * ns_per_ms);
  EXPECT_EQ(l.run_turn(), 4u);
  EXPECT_EQ(log, (std::vector<std::string>{"first", "second", "deferred", "timer", "end"}));
  EXPECT_EQ(l.run_turn(), 0u);
}

TEST(lane, runs_what_a_turn_end_defers_within_the_same_turn) {
  manual_clock time;
  hand_lane l(time);
  std::vector<std::string> log;
  note late(log, "late");
  struct deferring : turn_end {
    hand_lane* on = nullptr;
    note* what = nullptr;
  } end;
  end.on = &l;
  end.what = &late;
  end.run = [](turn_end& e) {
    auto& self = static_cast<deferring&>(e);
    self.on->defer(*self.what);
  };
  l.at_turn_end(end);
  l.run_turn();
  EXPECT_EQ(log, (std::vector<std::string>{"late"}));
}

TEST(lane, refuses_a_request_at_its_bound_and_takes_it_once_one_was_taken_off) {
  manual_clock time;
  hand_lane l(time);
  std::vector<std::string> log;
  std::vector<std::unique_ptr<note>> notes;
  const auto offer = [&] {
    notes.push_back(std::make_unique<note>(log, "x"));
    return l.post_request(*notes.back());
  };
  for (std::uint32_t i = 0; i < limits::lane_requests_max; ++i) {
    ASSERT_TRUE(offer()) << i;
  }
  EXPECT_FALSE(offer());
  l.request_taken();
  EXPECT_TRUE(offer());
  EXPECT_FALSE(offer());
  l.run_turn();
  EXPECT_EQ(log.size(), limits::lane_requests_max + 1);
}

TEST(lane, takes_a_reply_whatever_waits) {
  manual_clock time;
  hand_lane l(time);
  std::vector<std::string> log;
  std::vector<std::unique_ptr<note>> notes;
  for (std::uint32_t i = 0; i < limits::lane_requests_max; ++i) {
    notes.push_back(std::make_unique<note>(log, "x"));
    ASSERT_TRUE(l.post_request(*notes.back()));
  }
  bool ran = false;
  post(l, [&ran] { ran = true; });
  l.run_turn();
  EXPECT_TRUE(ran);
}

TEST(lane, gives_numbers_that_no_other_lane_gives) {
  manual_clock time;
  hand_lane l(time);
  const auto id = l.next_id();
  EXPECT_EQ(id >> 48, 3u);
  EXPECT_NE(id, l.next_id());
}

}  // namespace
}  // namespace spawn
