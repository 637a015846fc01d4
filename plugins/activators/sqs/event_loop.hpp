// event_loop: one thread's loop of tasks, timers and sockets. Everything of an instance runs on it,
// so nothing behind it needs a lock.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>

namespace boost::asio {
class io_context;
}

namespace sqs {

class event_loop {
 public:
  using task = std::function<void()>;

  event_loop();
  event_loop(const event_loop&) = delete;
  event_loop& operator=(const event_loop&) = delete;
  ~event_loop();

  // Works until end(); an exception of a task leaves it, and it may be called again then.
  void run();
  void end();            // [any]
  void post(task what);  // [any]
  // Calls `what` whenever the descriptor, which stays the caller's, can be read. [loop]
  void on_readable(int fd, task what);

  // For sockets.
  [[nodiscard]] boost::asio::io_context& context() noexcept;

 private:
  struct watch;
  std::unique_ptr<boost::asio::io_context> context_;
  std::unique_ptr<watch> watch_;
};

// One alarm at a time. Its task does not run any more after cancel(), set() or the destructor.
// [loop]
class alarm_clock {
 public:
  explicit alarm_clock(event_loop& loop);
  alarm_clock(const alarm_clock&) = delete;
  alarm_clock& operator=(const alarm_clock&) = delete;
  ~alarm_clock();

  void set(std::uint32_t after_ms, event_loop::task what);
  void cancel();
  [[nodiscard]] bool is_set() const noexcept;

 private:
  struct state;
  std::shared_ptr<state> state_;
};

}  // namespace sqs
