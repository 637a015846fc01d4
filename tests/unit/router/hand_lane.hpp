// A lane that runs when it is told to, for tests of what lives on one.
#pragma once
#include "lane/lane.hpp"

namespace spawn::test {

class hand_lane final : public lane {
 public:
  explicit hand_lane(manual_clock& time) : lane(0, time, 1), time_(time) {}
  using lane::run_turn;
  // Passes the time in steps, one turn each.
  void pass_ms(std::uint64_t ms, std::uint64_t step_ms = 1) {
    for (std::uint64_t gone = 0; gone < ms; gone += step_ms) {
      time_.advance_ns(step_ms * ns_per_ms);
      run_turn();
    }
  }

 protected:
  void wake() noexcept override {}

 private:
  manual_clock& time_;
};

}  // namespace spawn::test
