// Each bug that can be planted is found within the seeds that CI runs, or the checker is worth
// nothing.
#include <gtest/gtest.h>

#include "base/log.hpp"
#include "sim/planted.hpp"
#include "sim/run.hpp"

namespace {

constexpr std::uint64_t ci_seeds = 1'000;

class planted : public ::testing::TestWithParam<std::string_view> {};

TEST_P(planted, bug_is_found_within_the_ci_seeds) {
  spawn::log::init(spawn::log::level::off, spawn::log::format::text);
  sim::options with;
  ASSERT_TRUE(sim::plant(GetParam(), with));
  for (with.seed = 1; with.seed <= ci_seeds; ++with.seed) {
    const sim::report said = sim::run(with, false);
    if (!said.good()) {
      std::printf("found by seed %llu: %s\n", static_cast<unsigned long long>(with.seed),
                  said.failures.front().c_str());
      sim::options sound;
      sound.seed = with.seed;
      EXPECT_TRUE(sim::run(sound, true).good()) << "the seed fails without the bug as well";
      return;
    }
  }
  FAIL() << "no seed found it";
}

INSTANTIATE_TEST_SUITE_P(each, planted, ::testing::ValuesIn(sim::planted_bugs),
                         [](const auto& info) { return std::string(info.param); });

}  // namespace
