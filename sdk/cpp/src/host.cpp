#include "spawn/sdk/host.hpp"

#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <mutex>
#include <stdexcept>
#include <thread>

#include "action_endpoint.hpp"
#include "dispatcher.hpp"
#include "encode_registration.hpp"
#include "http_server.hpp"
#include "registration.hpp"

namespace spawn::sdk {

namespace {

// With one write, so that lines of several threads do not mix.
void log_to_stderr(std::string_view line) {
  std::string text = "spawn-sdk: ";
  text.append(line).append("\n");
  static_cast<void>(std::fwrite(text.data(), 1, text.size(), stderr));
}

host_options completed(host_options options) {
  if (!options.log) {
    options.log = log_to_stderr;
  }
  if (options.threads == 0) {
    options.threads = std::max(1U, std::thread::hardware_concurrency());
  }
  return options;
}

std::string advertised(const host_options& options, std::uint16_t port) {
  if (options.advertise == "-") {
    return {};
  }
  if (!options.advertise.empty()) {
    return options.advertise;
  }
  const std::string text = ":" + std::to_string(port);
  if (options.address == "0.0.0.0") {
    return "127.0.0.1" + text;
  }
  if (options.address.find(':') != std::string::npos) {
    return (options.address == "::" ? "[::1]" : "[" + options.address + "]") + text;
  }
  return options.address + text;
}

}  // namespace

struct host::parts {
  parts(std::string system_name, host_options given, const detail::dispatcher& actors)
      : system(std::move(system_name)),
        options(completed(std::move(given))),
        endpoint(actors, options.log),
        server(endpoint),
        stop_event(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {}
  ~parts() { ::close(stop_event); }

  const std::string system;
  const host_options options;
  detail::action_endpoint endpoint;
  detail::http_server server;
  // Made by start() before any other thread can see it, so stop() needs no lock to read it.
  std::unique_ptr<detail::registration> registration;
  std::atomic<bool> started{false};
  int stop_event;  // readable once stop() was called
  std::mutex wait_mutex;
};

host::host(std::string system, host_options options) : actor_set(options.config) {
  if (system.empty()) {
    throw std::invalid_argument("a host needs the name of its actor system");
  }
  parts_ = std::make_unique<parts>(std::move(system), std::move(options), actors());
}

host::~host() {
  stop();
  wait();
}

void host::start() {
  auto& p = *parts_;
  if (p.started) {
    throw std::logic_error("the host was started before");
  }
  p.server.listen({.address = p.options.address,
                   .port = p.options.port,
                   .threads = p.options.threads,
                   .body_max = p.options.body_max});
  seal();
  p.endpoint.prepare(p.options.threads);
  p.registration = std::make_unique<detail::registration>(
      p.options,
      detail::encode_registration(p.system, {p.options.service_name, p.options.service_version},
                                  actors().actors()),
      advertised(p.options, p.server.port()));
  p.started = true;
  // The kernel may call as soon as it knows the actors: workers first.
  p.server.start();
  p.registration->start();
}

void host::stop() {
  static_cast<void>(::eventfd_write(parts_->stop_event, 1));
  if (parts_->started) {
    parts_->registration->stop();
    parts_->server.request_stop();
  }
}

void host::wait() {
  if (!parts_->started) {
    return;
  }
  pollfd stopped{parts_->stop_event, POLLIN, 0};
  while (::poll(&stopped, 1, -1) < 0 && errno == EINTR) {
  }
  const std::lock_guard lock(parts_->wait_mutex);
  parts_->registration->join();
  parts_->server.join();
}

void host::run() {
  sigset_t ends;
  ::sigemptyset(&ends);
  ::sigaddset(&ends, SIGINT);
  ::sigaddset(&ends, SIGTERM);
  // Threads made from here on inherit the mask, so only the descriptor sees the signals.
  ::pthread_sigmask(SIG_BLOCK, &ends, nullptr);
  const int signals = ::signalfd(-1, &ends, SFD_CLOEXEC | SFD_NONBLOCK);
  try {
    start();
  } catch (...) {
    ::close(signals);
    throw;
  }
  std::array<pollfd, 2> watched{pollfd{parts_->stop_event, POLLIN, 0}, pollfd{signals, POLLIN, 0}};
  while (::poll(watched.data(), watched.size(), -1) < 0 && errno == EINTR) {
  }
  ::close(signals);
  stop();
  wait();
}

std::uint16_t host::port() const {
  return parts_->server.port();
}

bool host::registered() const {
  return parts_->started && parts_->registration->done();
}

bool host::wait_registered(std::chrono::milliseconds at_most) const {
  return parts_->started && parts_->registration->wait_done(at_most);
}

const std::string& host::system() const {
  return parts_->system;
}

}  // namespace spawn::sdk
