// Two lanes that answer each other at once: their sockets, timers and stop() are heard all the
// same.
#include <gtest/gtest.h>

#include <atomic>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <thread>

#include "lane/asio_lane.hpp"

namespace spawn {
namespace {

using namespace std::chrono_literals;

// Goes to the other lane whenever it runs, without an end.
struct ball : task {
  asio_lane* here = nullptr;
  asio_lane* there = nullptr;
  std::atomic<std::uint64_t> hops{0};
  ball() {
    run = [](task& t) {
      auto& self = static_cast<ball&>(t);
      asio_lane* const from = self.here;
      asio_lane* const to = self.there;
      self.here = to;
      self.there = from;
      self.hops.fetch_add(1, std::memory_order_relaxed);
      from->expect_soon();
      to->post(self);
    };
  }
};

// Counts what the event loop and the wheel of a lane do, a millisecond after each other.
struct beats : task {
  static constexpr int wanted = 50;
  asio_lane& on;
  boost::asio::steady_timer socket;  // the event loop serves it as it serves sockets
  struct wheel_beat : timer {
    beats* owner = nullptr;
  } wheel;
  std::atomic<int> of_loop{0}, of_wheel{0};

  explicit beats(asio_lane& lane) : on(lane), socket(lane.io()) {
    wheel.owner = this;
    wheel.fire = [](timer& t) {
      beats& self = *static_cast<wheel_beat&>(t).owner;
      if (++self.of_wheel < wanted) {
        self.on.arm_after_ms(t, 1);
      }
    };
    run = [](task& t) {
      auto& self = static_cast<beats&>(t);
      self.on.arm_after_ms(self.wheel, 1);
      self.wait();
    };
  }
  void wait() {
    socket.expires_after(1ms);
    socket.async_wait([this](const boost::system::error_code& failed) {
      if (!failed && ++of_loop < wanted) {
        wait();
      }
    });
  }
  [[nodiscard]] bool all() const { return of_loop == wanted && of_wheel == wanted; }
};

class exchange : public testing::Test {
 protected:
  void start() {
    for (asio_lane* each : {&first, &second}) {
      each->set_look_us(20);
      each->start(-1);
    }
    flying.here = &first;
    flying.there = &second;
    first.post(flying);
  }
  template <class Question>
  static bool within_10_s(const Question& question) {
    for (const auto until = std::chrono::steady_clock::now() + 10s; !question();) {
      if (std::chrono::steady_clock::now() > until) {
        return false;
      }
      std::this_thread::sleep_for(1ms);
    }
    return true;
  }

  system_clock time;
  asio_lane first{0, time, 1}, second{1, time, 2};
  ball flying;
};

TEST_F(exchange, leaves_neither_sockets_nor_timers_waiting) {
  beats of_first(first), of_second(second);
  start();
  first.post(of_first);
  second.post(of_second);
  EXPECT_TRUE(within_10_s([&] { return of_first.all() && of_second.all(); }));
  EXPECT_GT(flying.hops, 2u);
  first.stop();
  second.stop();
}

TEST_F(exchange, ends_when_a_lane_is_stopped) {
  start();
  EXPECT_TRUE(within_10_s([&] { return flying.hops > 1'000; }));
  first.stop();
  second.stop();
  const auto hops = flying.hops.load();
  std::this_thread::sleep_for(5ms);
  EXPECT_EQ(flying.hops, hops);
}

}  // namespace
}  // namespace spawn
