// Asking a lane from the admin thread: a task goes there, its answer comes back, or time runs out.
#pragma once
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

#include "lane/post.hpp"

namespace spawn {

// The way back to the admin thread for answers from lanes. Shared with them, since an answer may
// come after the server has stopped: then it is dropped.
class admin_gate {
 public:
  explicit admin_gate(boost::asio::io_context& io) : io_(&io) {}
  // Runs f on the admin thread, or never. [any]
  template <class F>
  void post(F f) {
    const std::lock_guard hold(mutex_);
    if (io_ != nullptr) {
      boost::asio::post(*io_, std::move(f));
    }
  }
  void close() {
    const std::lock_guard hold(mutex_);
    io_ = nullptr;
  }

 private:
  std::mutex mutex_;
  boost::asio::io_context* io_;
};
using admin_loop = std::shared_ptr<admin_gate>;

// How long the admin API waits for a lane's turn.
inline constexpr std::uint64_t lane_answer_ms = 2'000;

// Touched by the admin thread alone; destroyed on any.
template <class T>
struct asked {
  boost::asio::steady_timer* wake = nullptr;  // while somebody waits
  std::optional<T> value;
};

// Call it once, on any thread. Not calling it is a time-out for who asked.
template <class T>
class lane_answer {
 public:
  lane_answer(admin_loop loop, std::shared_ptr<asked<T>> to)
      : loop_(std::move(loop)), to_(std::move(to)) {}
  void operator()(T value) {
    loop_->post([to = std::move(to_), value = std::move(value)]() mutable {
      if (to->wake != nullptr) {
        to->value = std::move(value);
        to->wake->cancel();
      }
    });
  }

 private:
  admin_loop loop_;
  std::shared_ptr<asked<T>> to_;
};

// Runs work(lane_answer<T>) on `to`; nothing when no answer came within limit_ms. `work` may run
// after that: it owns or outlives what it uses. [admin]
template <class T, class F>
boost::asio::awaitable<std::optional<T>> ask(admin_loop loop, lane& to, std::uint64_t limit_ms,
                                             F work) {
  boost::asio::steady_timer wake(co_await boost::asio::this_coro::executor);
  auto state = std::make_shared<asked<T>>();
  state->wake = &wake;
  wake.expires_after(std::chrono::milliseconds(limit_ms));
  lane_answer<T> answer(std::move(loop), state);
  post(to,
       [work = std::move(work), answer = std::move(answer)]() mutable { work(std::move(answer)); });
  co_await wake.async_wait(boost::asio::as_tuple(boost::asio::use_awaitable));
  state->wake = nullptr;
  co_return std::move(state->value);
}

}  // namespace spawn
