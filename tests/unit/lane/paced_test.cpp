#include "lane/paced.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "base/clock.hpp"
#include "lane/post.hpp"

namespace spawn {
namespace {

class stepped_lane final : public lane {
 public:
  explicit stepped_lane(const clock& time) : lane(0, time, 1) {}
  using lane::run_turn;

 protected:
  void wake() noexcept override {}
};

TEST(paced, does_at_most_so_much_in_one_task_and_others_come_in_between) {
  const system_clock time;
  stepped_lane home(time);
  std::vector<int> seen;
  paced(
      home, 5, 2,
      [&](std::size_t i) {
        seen.push_back(static_cast<int>(i));
        return true;
      },
      [&] { seen.push_back(100); });
  EXPECT_EQ(seen, (std::vector<int>{0, 1})) << "the first piece runs at once";
  post(home, [&] { seen.push_back(-1); });
  while (home.run_turn() != 0) {
  }
  EXPECT_EQ(seen, (std::vector<int>{0, 1, 2, 3, -1, 4, 100}));
}

TEST(paced, may_end_early_and_is_done_all_the_same) {
  const system_clock time;
  stepped_lane home(time);
  int steps = 0;
  int done = 0;
  paced(home, 10, 3, [&](std::size_t) { return ++steps < 2; }, [&] { ++done; });
  EXPECT_EQ(steps, 2);
  EXPECT_EQ(done, 1);
  EXPECT_EQ(home.run_turn(), 0U);
}

TEST(paced, nothing_to_do_is_done_at_once) {
  const system_clock time;
  stepped_lane home(time);
  int done = 0;
  paced(home, 0, 3, [](std::size_t) { return true; }, [&] { ++done; });
  EXPECT_EQ(done, 1);
}

}  // namespace
}  // namespace spawn
