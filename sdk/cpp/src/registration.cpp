#include "registration.hpp"

#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>

#include "http_client.hpp"
#include "spawn/sdk/wire/protocol.pb.h"

namespace spawn::sdk::detail {

namespace {

constexpr std::chrono::milliseconds attempt_max{10'000};

}  // namespace

registration::registration(const host_options& options, std::string body, std::string advertise)
    : options_(options),
      body_(std::move(body)),
      header_(advertise.empty() ? std::string() : "spawn-host: " + advertise + "\r\n"),
      cancel_event_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {}

registration::~registration() {
  stop();
  join();
  if (cancel_event_ >= 0) {
    ::close(cancel_event_);
  }
}

void registration::start() {
  thread_ = std::thread([this] { run(); });
}

void registration::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  static_cast<void>(::eventfd_write(cancel_event_, 1));
}

void registration::join() {
  if (thread_.joinable()) {
    thread_.join();
  }
}

bool registration::done() const {
  const std::lock_guard lock(mutex_);
  return done_;
}

bool registration::wait_done(std::chrono::milliseconds at_most) const {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, at_most, [this] { return done_ || stopping_; });
  return done_;
}

std::string registration::attempt() {
  http_client http(options_.kernel, cancel_event_);
  const auto answer = http.post({"/api/v1/system", body_, header_}, attempt_max);
  if (!answer) {
    return answer.error().text;
  }
  wire::RegistrationResponse response;
  const bool decoded = response.ParseFromString(answer->body);
  if (answer->status == 200 && decoded && response.status().status() == wire::OK) {
    return {};
  }
  std::string reason = "kernel at " + http.place() + " refused the registration: HTTP " +
                       std::to_string(answer->status);
  if (decoded && !response.status().message().empty()) {
    reason += ", " + response.status().message();
  }
  return reason;
}

void registration::run() {
  auto pause = options_.retry_first;
  std::string last;
  while (true) {
    std::string reason = attempt();
    std::unique_lock lock(mutex_);
    if (reason.empty()) {
      done_ = true;
      lock.unlock();
      changed_.notify_all();
      if (options_.on_registered) {
        options_.on_registered();
      }
      return;
    }
    if (stopping_) {
      return;
    }
    // The same reason again and again is said once.
    if (reason != last) {
      lock.unlock();
      options_.log("not registered yet, trying again: " + reason);
      lock.lock();
      last = std::move(reason);
    }
    if (changed_.wait_for(lock, pause, [this] { return stopping_; })) {
      return;
    }
    pause = std::min(pause * 2, options_.retry_max);
  }
}

}  // namespace spawn::sdk::detail
