#include "supervisor.hpp"

#include <pthread.h>

#include <chrono>

#include "session-common/backoff.hpp"

namespace grpc_source {

namespace {

constexpr std::uint32_t first_try_ms = 100, last_try_ms = 5'000;
constexpr std::uint32_t drain_ms = 3'000, drain_step_ms = 20;

}  // namespace

supervisor::supervisor(const service_context& context, const http_rule_table& rules)
    : context_(context), grpc_(context), http_(context, rules) {}

void supervisor::start() {
  if (thread_.joinable()) {
    return;
  }
  thread_ = std::thread([this] {
    ::pthread_setname_np(::pthread_self(), "sp.grpc");
    spawn::plugin::guarded(context_.host, [this] { run(); });
  });
}

void supervisor::stop() {
  {
    const std::lock_guard hold(mutex_);
    stopping_ = true;
    open_ = false;
  }
  changed_.notify_all();
  if (thread_.joinable()) {
    thread_.join();
  }
  http_.close();
  grpc_.close();
}

void supervisor::run() {
  spawn::plugin::backoff pause(first_try_ms, last_try_ms);
  while (!open_all()) {
    if (!wait(pause.next())) {
      return;
    }
  }
  context_.host.health(true, "");
  for (;;) {
    {
      std::unique_lock hold(mutex_);
      changed_.wait(hold, [this] { return stopping_ || draining_; });
      if (stopping_) {
        return;
      }
    }
    watch_drain();
  }
}

bool supervisor::open_all() {
  const settings& config = context_.config;
  const auto taken = [&](std::uint16_t port) {
    context_.host.health(false, "can not listen on " + config.address + ":" + std::to_string(port));
    return false;
  };
  if (!grpc_.open()) {
    return taken(config.port);
  }
  if (config.http && !http_.open()) {
    grpc_.close();
    return taken(config.http->port);
  }
  const std::lock_guard hold(mutex_);
  open_ = !stopping_;
  return true;
}

bool supervisor::wait(std::uint32_t ms) {
  std::unique_lock hold(mutex_);
  return !changed_.wait_for(hold, std::chrono::milliseconds(ms), [this] { return stopping_; });
}

void supervisor::drain_until(std::uint64_t deadline_ns) {
  {
    const std::lock_guard hold(mutex_);
    draining_ = true;
    drain_deadline_ns_ = deadline_ns;
  }
  changed_.notify_all();
}

// In small steps of waiting, and not by the host's clock alone: that one may stand still.
void supervisor::watch_drain() {
  for (std::uint32_t waited = 0; waited < drain_ms; waited += drain_step_ms) {
    const auto now_ns = context_.host.now_ns();
    if (context_.requests.in_flight() == 0 || !wait(drain_step_ms)) {
      break;
    }
    const std::lock_guard hold(mutex_);
    if (drain_deadline_ns_ != 0 && now_ns >= drain_deadline_ns_) {
      break;
    }
  }
  context_.requests.give_up_draining();
  const std::lock_guard hold(mutex_);
  draining_ = false;
}

void supervisor::serving_changed() {
  const std::lock_guard hold(mutex_);
  if (open_) {
    grpc_.health_changed();
  }
}

}  // namespace grpc_source
