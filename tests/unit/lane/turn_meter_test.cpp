#include "lane/turn_meter.hpp"

#include <gtest/gtest.h>
#include <pthread.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <ctime>
#include <thread>
#include <vector>

namespace spawn {
namespace {

using namespace std::chrono_literals;

std::uint64_t read_clock(clockid_t which) {
  timespec at{};
  ::clock_gettime(which, &at);
  return static_cast<std::uint64_t>(at.tv_sec) * 1'000'000'000 +
         static_cast<std::uint64_t>(at.tv_nsec);
}
std::uint64_t wall() {
  return read_clock(CLOCK_MONOTONIC);
}

void compute_for(std::uint64_t cpu_ns) {
  for (const auto until = read_clock(CLOCK_THREAD_CPUTIME_ID) + cpu_ns;
       read_clock(CLOCK_THREAD_CPUTIME_ID) < until;) {
  }
}

struct measured {
  std::uint64_t took = 0, own = 0;
};

template <class F>
measured turn(F&& work) {
  turn_meter meter;
  meter.attach();
  const auto began = wall();
  meter.begin(began);
  work();
  const auto took = wall() - began;
  return {took, meter.own_ns(took)};
}

TEST(TurnMeter, WhatATurnComputesIsItsOwn) {
  const auto m = turn([] { compute_for(20'000'000); });
  EXPECT_GE(m.own, 19'000'000U);
  EXPECT_LE(m.own, m.took);
}

TEST(TurnMeter, SoIsWhatItWasBlocked) {
  const auto m = turn([] { std::this_thread::sleep_for(20ms); });
  EXPECT_GE(m.own, 19'000'000U);
}

TEST(TurnMeter, SleepingForEventsIsNobodysWork) {
  turn_meter meter;
  meter.attach();
  meter.begin(wall());
  meter.waiting();
  std::this_thread::sleep_for(20ms);  // as epoll_wait does
  const auto began = wall();
  compute_for(10'000'000);
  const auto took = wall() - began;
  EXPECT_GE(meter.own_ns(took), 9'000'000U);
  EXPECT_LE(meter.own_ns(100 * took), 15'000'000U) << "no more than it computed";
}

TEST(TurnMeter, WaitingForAProcessorIsTheMachines) {
  if (::access("/proc/thread-self/schedstat", R_OK) != 0) {
    GTEST_SKIP() << "this kernel keeps no schedstat";
  }
  std::atomic<bool> over = false;
  const auto here = [] {
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(0, &one);
    ::pthread_setaffinity_np(::pthread_self(), sizeof one, &one);
  };
  std::vector<std::thread> crowd;
  for (int i = 0; i < 3; ++i) {
    crowd.emplace_back([&] {
      here();
      while (!over) {
      }
    });
  }
  measured m;
  std::thread lane([&] {
    here();
    m = turn([] { compute_for(40'000'000); });
  });
  lane.join();
  over = true;
  for (auto& each : crowd) {
    each.join();
  }
  EXPECT_GE(m.own, 35'000'000U) << "what it computed is not forgotten";
  EXPECT_LT(m.own, m.took * 3 / 4) << "four threads shared one processor";
}

}  // namespace
}  // namespace spawn
