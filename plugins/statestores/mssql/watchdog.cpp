#include "watchdog.hpp"

#include <pthread.h>

#include <algorithm>
#include <chrono>

namespace mssql_store {

namespace {

constexpr std::uint64_t ns_per_ms = 1'000'000;
// A call that could not be ended is looked at again after this.
constexpr std::uint64_t again_ns = 50 * ns_per_ms;
constexpr std::uint64_t sleep_ns_max = 1'000 * ns_per_ms;

}  // namespace

watchdog::watched::watched(watchdog& by) : by_(by) {
  const std::lock_guard hold(by_.mutex_);
  by_.all_.push_back(this);
  if (!by_.thread_.joinable()) {
    by_.thread_ = std::thread([&dog = by_] {
      ::pthread_setname_np(::pthread_self(), "sp.odbc.watch");
      dog.loop();
    });
  }
}

watchdog::watched::~watched() {
  const std::lock_guard hold(by_.mutex_);
  std::erase(by_.all_, this);
}

void watchdog::watched::begin(std::uint64_t deadline_ns) {
  const std::lock_guard hold(by_.mutex_);
  deadline_ns_ = deadline_ns;
  cut_ = false;
  if (by_.next_ns_ == 0 || deadline_ns < by_.next_ns_) {
    by_.changed_.notify_one();
  }
}

bool watchdog::watched::end() {
  const std::lock_guard hold(by_.mutex_);
  deadline_ns_ = 0;
  return cut_;
}

void watchdog::watched::hold(held_socket socket) {
  const std::lock_guard hold(by_.mutex_);
  socket_ = std::move(socket);
  before_ = nullptr;
}

void watchdog::watched::release() {
  hold({});
}

void watchdog::watched::cut() {
  const std::lock_guard hold(by_.mutex_);
  socket_.cut();
}

void watchdog::watched::expect(const socket_names& before, std::uint32_t port) {
  const std::lock_guard hold(by_.mutex_);
  before_ = &before;
  port_ = port;
}

watchdog::~watchdog() {
  {
    const std::lock_guard hold(mutex_);
    stopping_ = true;
    changed_.notify_one();
  }
  if (thread_.joinable()) {
    thread_.join();
  }
}

bool watchdog::cut_now(watched& of) {
  if (of.socket_.is_held()) {
    of.socket_.cut();
    return true;
  }
  if (of.before_ == nullptr) {
    return false;
  }
  // Only what can be no one else's.
  const std::vector<held_socket> found = connections_since(*of.before_, of.port_);
  if (found.size() != 1) {
    return false;
  }
  found.front().cut();
  return true;
}

void watchdog::loop() {
  std::unique_lock hold(mutex_);
  while (!stopping_) {
    const std::uint64_t now = host_.now_ns();
    next_ns_ = 0;
    for (watched* one : all_) {
      if (one->deadline_ns_ == 0 || one->cut_) {
        continue;
      }
      std::uint64_t next = one->deadline_ns_;
      if (next <= now) {
        one->cut_ = cut_now(*one);
        next = now + again_ns;
      }
      if (!one->cut_) {
        next_ns_ = next_ns_ == 0 ? next : std::min(next_ns_, next);
      }
    }
    if (next_ns_ == 0) {
      changed_.wait(hold);
    } else {
      changed_.wait_for(hold, std::chrono::nanoseconds(std::min(next_ns_ - now + 1, sleep_ns_max)));
    }
  }
}

}  // namespace mssql_store
