#include "session.hpp"

#include <poll.h>
#include <pthread.h>

#include <array>
#include <chrono>

namespace rabbitmq {

namespace {
constexpr int round_ms = 250;
constexpr unsigned drain_rounds_max = 20;
}  // namespace

void session::start(const char* thread_name) {
  thread_ = std::thread([this] { run(); });
  (void)::pthread_setname_np(thread_.native_handle(), thread_name);
}

void session::stop() noexcept {
  stopping_.store(true);
  inbox_.stop();
}

void session::join() noexcept {
  if (thread_.joinable()) {
    thread_.join();
  }
}

void session::drain(std::shared_ptr<drain_wish> wish) {
  if (!runs()) {
    return;  // nothing was taken
  }
  {
    const std::lock_guard hold(mutex_);
    drain_ = std::move(wish);
    quiet_rounds_ = 0;
  }
  inbox_.settle({});  // wakes the thread
}

void session::look_after_drain(bool quiet) {
  std::shared_ptr<drain_wish> over;  // let go of outside the lock
  const std::lock_guard hold(mutex_);
  if (drain_ == nullptr) {
    return;
  }
  const std::string left = unsettled();
  quiet_rounds_ += quiet ? 1 : 0;
  if (!left.empty() && quiet_rounds_ < drain_rounds_max && !stopping()) {
    return;
  }
  if (!left.empty()) {
    host_.log(spawn::plugin::level::warn, "RabbitMQ: the drain is over and not all is settled",
              spawn::plugin::field{"left", left});
  }
  over = std::move(drain_);
}

void session::run() noexcept {
  while (!stopping()) {
    try {
      run_link();
      if (!stopping()) {
        rest(backoff_.next());
      }
    } catch (const std::exception& e) {
      host_.fault(SPAWN_E_INTERNAL, e.what());
      break;
    }
  }
  spawn::plugin::guarded(host_, [&] {
    lost("the instance stops");
    idle();
    look_after_drain(true);
  });
}

void session::run_link() {
  while (!wanted() && !stopping()) {
    inbox_.wait(round_ms);
    idle();
    look_after_drain(true);
  }
  std::string why;
  try {
    link to(how_, purpose(), stopping_);
    prepare(to);
    serve(to);
    to.close();
    return;
  } catch (const link_lost& e) {
    why = e.what();
  } catch (const channel_closed& e) {
    why = e.what();
  }
  if (stopping()) {
    return;
  }
  host_.log(spawn::plugin::level::warn, "RabbitMQ is away",
            spawn::plugin::field{"broker", how_.where()}, spawn::plugin::field{"why", why});
  board_.set(side_, "RabbitMQ at " + how_.where() + ": " + why);
  lost(why);
}

void session::rest(std::uint32_t ms) {
  using clock = std::chrono::steady_clock;  // of the waiting alone
  const auto until = clock::now() + std::chrono::milliseconds(ms);
  while (!stopping()) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(until - clock::now()).count();
    if (left <= 0) {
      return;
    }
    inbox_.wait(static_cast<int>(std::min<long long>(left, round_ms)));
    idle();
    look_after_drain(true);
  }
}

bool session::wait(link& to, bool wants_room, bool busy) const noexcept {
  std::array<pollfd, 2> at{
      pollfd{to.fd(), static_cast<short>(POLLIN | (wants_room ? POLLOUT : 0)), 0},
      pollfd{inbox_.fd(), POLLIN, 0}};
  return ::poll(at.data(), at.size(), busy || to.has_buffered() ? 0 : round_ms) != 0 || busy;
}

}  // namespace rabbitmq
