#include "event_loop.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <utility>

namespace sqs {

namespace asio = boost::asio;

// The descriptor belongs to somebody else: it is let go, never closed.
struct event_loop::watch {
  watch(asio::io_context& context, int fd, task then)
      : descriptor(context, fd), what(std::move(then)) {}
  watch(const watch&) = delete;
  watch& operator=(const watch&) = delete;
  ~watch() { descriptor.release(); }

  void wait() {
    descriptor.async_wait(asio::posix::stream_descriptor::wait_read,
                          [this](const boost::system::error_code& failed) {
                            if (!failed) {
                              wait();
                              what();
                            }
                          });
  }

  asio::posix::stream_descriptor descriptor;
  task what;
};

event_loop::event_loop() : context_(std::make_unique<asio::io_context>(1)) {}

event_loop::~event_loop() = default;

void event_loop::run() {
  const auto keep = asio::make_work_guard(*context_);
  context_->run();
}

void event_loop::end() {
  context_->stop();
}

void event_loop::post(task what) {
  asio::post(*context_, std::move(what));
}

void event_loop::on_readable(int fd, task what) {
  watch_ = std::make_unique<watch>(*context_, fd, std::move(what));
  watch_->wait();
}

asio::io_context& event_loop::context() noexcept {
  return *context_;
}

struct alarm_clock::state {
  explicit state(asio::io_context& context) : timer(context) {}
  asio::steady_timer timer;
  std::uint64_t round = 0;  // a handler of an earlier one finds another number
  bool set = false;
};

alarm_clock::alarm_clock(event_loop& loop) : state_(std::make_shared<state>(loop.context())) {}

alarm_clock::~alarm_clock() {
  cancel();
}

void alarm_clock::set(std::uint32_t after_ms, event_loop::task what) {
  cancel();
  state_->set = true;
  state_->timer.expires_after(std::chrono::milliseconds(after_ms));
  state_->timer.async_wait([state = state_, round = state_->round,
                            what = std::move(what)](const boost::system::error_code& failed) {
    if (!failed && state->round == round) {
      state->set = false;
      what();
    }
  });
}

void alarm_clock::cancel() {
  ++state_->round;
  state_->set = false;
  state_->timer.cancel();
}

bool alarm_clock::is_set() const noexcept {
  return state_->set;
}

}  // namespace sqs
