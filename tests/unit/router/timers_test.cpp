// Schedules by the wall clock and actor timers by the monotonic one.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/limits.hpp"
#include "router/actor_timers.hpp"
#include "router/due_time.hpp"
#include "unit/router/hand_lane.hpp"

namespace spawn {
namespace {

using strings = std::vector<std::string>;

TEST(due_time, takes_small_numbers_as_relative_and_none_as_now) {
  constexpr auto border = static_cast<std::int64_t>(limits::relative_schedule_below_ms);
  EXPECT_EQ(due_unix_ms(0, 1'000), 1'000);
  EXPECT_EQ(due_unix_ms(-5, 1'000), 1'000);
  EXPECT_EQ(due_unix_ms(250, 1'000), 1'250);
  EXPECT_EQ(due_unix_ms(border - 1, 1'000), border - 1 + 1'000);
  EXPECT_EQ(due_unix_ms(border, 1'000), border);
}

class actor_timers_test : public ::testing::Test {
 protected:
  manual_clock time;
  test::hand_lane home{time};
  std::vector<std::string> fired;
  std::vector<std::shared_ptr<void>> tickets;  // turns that have not ended
  actor_timers timers{home, [this](actor_view id, actor_type&, std::string_view action,
                                   std::shared_ptr<void> ticket) {
                        fired.push_back(std::string(id.name) + "." + std::string(action));
                        if (busy) {
                          tickets.push_back(std::move(ticket));
                        }
                      }};
  actor_type type;
  bool busy = false;

  void define(std::vector<timer_binding> bindings) {
    auto def = std::make_shared<definition>();
    def->timers = std::move(bindings);
    type.now = def;
  }
};

TEST_F(actor_timers_test, fire_once_per_period) {
  define({{100, "tick"}});
  timers.ensure({"s", "", "x"}, type);
  timers.ensure({"s", "", "x"}, type);
  home.pass_ms(1'005);
  EXPECT_EQ(fired.size(), 10u);
  EXPECT_EQ(fired[0], "x.tick");
}

TEST_F(actor_timers_test, make_no_burst_after_a_long_pause) {
  define({{10, "tick"}});
  timers.ensure({"s", "", "x"}, type);
  home.run_turn();
  home.pass_ms(60'000, 60'000);
  EXPECT_EQ(fired.size(), 1u);
  home.pass_ms(100);
  EXPECT_LE(fired.size(), 11u);
}

TEST_F(actor_timers_test, leave_out_a_firing_while_the_one_before_it_waits_or_runs) {
  define({{10, "tick"}});
  timers.ensure({"s", "", "x"}, type);
  busy = true;
  home.pass_ms(500);
  EXPECT_EQ(fired.size(), 1u);
  busy = false;
  tickets.clear();
  home.pass_ms(55);
  EXPECT_GE(fired.size(), 5u);
}

TEST_F(actor_timers_test, are_replaced_by_a_new_definition_and_end_when_stopped) {
  define({{10, "old"}});
  timers.ensure({"s", "", "x"}, type);
  define({{10, "new"}});
  timers.replace(type);
  home.pass_ms(15);
  EXPECT_EQ(fired, (strings{"x.new"}));
  timers.stop();
  home.pass_ms(100);
  EXPECT_EQ(fired.size(), 1u);
}

TEST_F(actor_timers_test, do_not_heed_the_wall_clock) {
  define({{100, "tick"}});
  timers.ensure({"s", "", "x"}, type);
  time.jump_wall_ms(3'600'000);
  home.pass_ms(50);
  EXPECT_EQ(fired.size(), 0u);
  time.jump_wall_ms(-7'200'000);
  home.pass_ms(60);
  EXPECT_EQ(fired.size(), 1u);
}

}  // namespace
}  // namespace spawn
