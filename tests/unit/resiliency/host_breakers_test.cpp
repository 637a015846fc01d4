// The breakers of all hosts: one per address, made at its first call.
#include <gtest/gtest.h>

#include <set>
#include <thread>
#include <vector>

#include "base/clock.hpp"
#include "resiliency/host_breakers.hpp"

namespace spawn {
namespace {

host_address at(std::uint16_t port) {
  return {"h", "127.0.0.1", port};
}

TEST(host_breakers, without_a_rule_there_are_none) {
  host_breakers none(std::nullopt, {});
  EXPECT_FALSE(none.any());
  EXPECT_EQ(none.of(at(1)), nullptr);
}

TEST(host_breakers, a_host_keeps_its_breaker_whatever_its_entry_is_called) {
  host_breakers all(breaker_policy{}, {});
  host_breaker* first = all.of(at(1));
  ASSERT_NE(first, nullptr);
  EXPECT_EQ(all.of({"another name", "127.0.0.1", 1}), first);
  EXPECT_NE(all.of(at(2)), first);
  EXPECT_EQ(all.all().size(), 2u);
}

TEST(host_breakers, an_own_rule_goes_before_the_general_one) {
  host_breakers only(std::nullopt, {{{"127.0.0.1", 7}, {.failures = 1}}});
  EXPECT_TRUE(only.any());
  EXPECT_EQ(only.of(at(8)), nullptr);
  host_breaker* own = only.of(at(7));
  ASSERT_NE(own, nullptr);
  own->state.ended(own->state.admit(ns_per_s).era, call_verdict::bad, ns_per_s);
  EXPECT_EQ(only.all().front().state, breaker_state::open);
}

TEST(host_breakers, there_are_so_many_and_not_one_more) {
  host_breakers all(breaker_policy{}, {});
  for (std::uint16_t i = 1; i <= limits::breaker_hosts_max; ++i) {
    ASSERT_NE(all.of(at(i)), nullptr);
  }
  EXPECT_EQ(all.of(at(limits::breaker_hosts_max + 1)), nullptr);
  EXPECT_NE(all.of(at(1)), nullptr);
}

TEST(host_breakers, lanes_that_call_a_host_first_at_once_get_the_same) {
  for (int round = 0; round < 200; ++round) {
    host_breakers all(breaker_policy{}, {});
    std::vector<host_breaker*> got(4);
    std::vector<std::thread> lanes;
    for (auto& each : got) {
      lanes.emplace_back([&] { each = all.of(at(1)); });
    }
    for (auto& lane : lanes) {
      lane.join();
    }
    ASSERT_EQ(std::set<host_breaker*>(got.begin(), got.end()).size(), 1u);
    ASSERT_EQ(all.all().size(), 1u);
  }
}

}  // namespace
}  // namespace spawn
