// A seed is a whole run: the same events, in the same order, every time.
#include <gtest/gtest.h>

#include "base/log.hpp"
#include "sim/run.hpp"

namespace {

class determinism : public ::testing::Test {
 protected:
  void SetUp() override { spawn::log::init(spawn::log::level::off, spawn::log::format::text); }
};

TEST_F(determinism, one_seed_gives_one_trace) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    sim::options with;
    with.seed = seed;
    const auto first = sim::run(with, true);
    const auto again = sim::run(with, true);
    EXPECT_EQ(first.hash, again.hash) << "seed " << seed;
    EXPECT_EQ(first.events, again.events) << "seed " << seed;
  }
}

TEST_F(determinism, two_seeds_give_two_traces) {
  sim::options with;
  with.seed = 1;
  const auto one = sim::run(with, true);
  with.seed = 2;
  EXPECT_NE(one.hash, sim::run(with, true).hash);
}

TEST_F(determinism, every_run_is_as_large_as_it_must_be) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    sim::options with;
    with.seed = seed;
    const auto said = sim::run(with, true);
    EXPECT_GE(said.events, 5'000u);
    EXPECT_GE(said.actors, 50u);
    EXPECT_GE(said.crashes, 3u);
  }
}

}  // namespace
