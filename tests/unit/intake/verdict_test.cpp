// Which failures are whose fault.
#include "intake/verdict.hpp"

#include <gtest/gtest.h>

namespace spawn {
namespace {

TEST(verdict, what_took_effect_is_done) {
  EXPECT_EQ(verdict_of(failure::none), verdict::done);
  EXPECT_EQ(verdict_of(failure::response_not_kept), verdict::done);
}

TEST(verdict, where_nothing_was_executed_no_attempt_is_counted) {
  for (std::size_t i = 1; i < failures; ++i) {
    const auto why = static_cast<failure>(i);
    if (facts(why).http == 503) {
      EXPECT_EQ(verdict_of(why), verdict::hold) << facts(why).code;
    }
  }
}

}  // namespace
}  // namespace spawn
