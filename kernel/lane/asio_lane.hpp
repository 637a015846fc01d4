// A lane driven by its own thread and Asio event loop.
#pragma once
#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <thread>

#include "lane/lane.hpp"
#include "lane/turn_meter.hpp"
#include "lane/wake_event.hpp"

namespace spawn {

// Life: start() makes the thread, stop() ends it after the current turn and joins; stop() first,
// then destroy. The io_context has no locks: only this thread touches it; other threads reach the
// lane through post(), which writes an eventfd.
class asio_lane final : public lane {
 public:
  asio_lane(std::uint32_t index, const clock& time, std::uint64_t seed);
  ~asio_lane() override;

  void start(int pin_to_cpu);  // [control]; -1: not pinned
  void stop();                 // [control]

  // For sockets and acceptors of this lane. [lane], or [control] before start().
  [[nodiscard]] boost::asio::io_context& io() noexcept { return io_; }

  // Longest turn since the last call, nanoseconds. [any]
  [[nodiscard]] std::uint64_t take_longest_turn_ns() noexcept {
    return longest_turn_ns_.exchange(0, std::memory_order_relaxed);
  }
  // Pieces of work (one handler, task or timer) that computed or were blocked longer than the stall
  // limit so far; at most one a turn is counted. [any]
  [[nodiscard]] std::uint64_t stalls() const noexcept {
    return stalls_.load(std::memory_order_relaxed);
  }
  // Pieces that took as long only because the machine gave the lane no processor. [any]
  [[nodiscard]] std::uint64_t starved() const noexcept {
    return starved_.load(std::memory_order_relaxed);
  }
  // Time this lane spent working, nanoseconds. [any]
  [[nodiscard]] std::uint64_t busy_ns() const noexcept {
    return busy_ns_.load(std::memory_order_relaxed);
  }
  void set_stall_limit_ms(std::uint64_t ms) noexcept { stall_limit_ns_ = ms * ns_per_ms; }
  // How long it looks for what expect_soon() announced; 0: not at all. [control] before start()
  void set_look_us(std::uint64_t us) noexcept { look_ns_ = us * 1'000; }

 protected:
  void wake() noexcept override;

 private:
  void run();
  [[nodiscard]] std::uint64_t look_for_inbox() noexcept;
  [[nodiscard]] std::uint64_t exchange(std::uint64_t began_ns);
  void wait_for_events();
  void arm_wheel();
  void account(std::uint64_t began_ns, std::uint64_t looked_ns);

  boost::asio::io_context io_;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> open_;  // till stop()
  wake_event wake_;
  std::atomic<bool> sleeping_{false};  // in io_, or about to be: wake() has to end it
  boost::asio::steady_timer wheel_timer_;
  std::uint64_t wheel_armed_ns_ = 0;
  std::atomic<bool> stopping_{false};
  std::atomic<std::uint64_t> longest_turn_ns_{0};
  std::atomic<std::uint64_t> stalls_{0};
  std::atomic<std::uint64_t> starved_{0};
  std::atomic<std::uint64_t> busy_ns_{0};
  std::uint64_t stall_limit_ns_ = 5 * ns_per_ms;
  std::uint64_t look_ns_ = 0;
  turn_meter meter_;
  std::thread thread_;
};

}  // namespace spawn
