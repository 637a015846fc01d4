// Lanes for tests: driven by hand, or by a thread.
#pragma once
#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

#include "lane/lane_set.hpp"
#include "plugin/host_loop.hpp"

namespace spawn::test {

class hand_lane final : public lane {
 public:
  hand_lane(std::uint32_t index, const clock& time) : lane(index, time, index + 1) {}
  // Turns until nothing is left to do.
  std::size_t drive() {
    std::size_t all = 0;
    while (const std::size_t ran = run_turn()) {
      all += ran;
    }
    return all;
  }

 protected:
  void wake() noexcept override {}
};

class thread_lane final : public lane {
 public:
  thread_lane(std::uint32_t index, const clock& time) : lane(index, time, index + 1) {
    thread_ = std::thread([this] { loop(); });
  }
  ~thread_lane() override {
    {
      const std::lock_guard hold(mutex_);
      stopping_ = true;
      changed_.notify_all();
    }
    thread_.join();
  }

 protected:
  void wake() noexcept override {
    const std::lock_guard hold(mutex_);
    awake_ = true;
    changed_.notify_all();
  }

 private:
  void loop() {
    std::unique_lock hold(mutex_);
    while (!stopping_) {
      // Short, so that timers are looked at without a wheel of its own.
      changed_.wait_for(hold, std::chrono::milliseconds(1), [&] { return awake_ || stopping_; });
      awake_ = false;
      hold.unlock();
      run_turn();
      hold.lock();
    }
  }
  std::mutex mutex_;
  std::condition_variable changed_;
  bool awake_ = false;
  bool stopping_ = false;
  std::thread thread_;
};

// n lanes of one sort with their set.
template <class Lane>
struct lanes_of {
  lanes_of(std::uint32_t n, const clock& time) : set(make(n, time)) {}
  lane_set make(std::uint32_t n, const clock& time) {
    std::vector<lane*> raw;
    for (std::uint32_t i = 0; i < n; ++i) {
      owned.push_back(std::make_unique<Lane>(i, time));
      raw.push_back(owned.back().get());
    }
    return lane_set(raw);
  }
  [[nodiscard]] lane_loops loops() const { return {&set, {}}; }
  Lane& operator[](std::size_t i) { return *owned[i]; }

  std::vector<std::unique_ptr<Lane>> owned;
  lane_set set;
};

// Looks again until `done` holds or five seconds are over.
template <class Done>
[[nodiscard]] bool eventually(Done done) {
  for (int i = 0; i < 5'000; ++i) {
    if (done()) {
      return true;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return done();
}

}  // namespace spawn::test
