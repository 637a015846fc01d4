// An actor host: a process that declares actors and runs their actions for the kernel.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "spawn/sdk/actor_set.hpp"
#include "spawn/sdk/types.hpp"

namespace spawn::sdk {

struct host_options {
  // Reads USER_FUNCTION_PORT and USER_FUNCTION_CONFIG; throws std::invalid_argument when the first
  // is not a port.
  host_options();

  kernel_address kernel;
  std::string address = "127.0.0.1";  // listen here; "0.0.0.0" for a kernel on another machine
  std::uint16_t port;                 // USER_FUNCTION_PORT, else 8090; 0 takes a free port
  std::string config;                 // what actor_set::config() returns; USER_FUNCTION_CONFIG
  // Sent with the registration ("spawn-host" header), so that one kernel can serve many hosts.
  // Empty: the listening address, with 127.0.0.1 for 0.0.0.0. "-" sends none.
  std::string advertise;
  // Workers. An action may block its worker; the others go on. 0: one for each core.
  unsigned threads = 0;
  std::size_t body_max = std::size_t{64} << 20;  // larger requests get 413
  std::string service_name = "spawn-cpp-host";
  std::string service_version = "1.0.0";
  // First and longest pause between attempts to register.
  std::chrono::milliseconds retry_first{100};
  std::chrono::milliseconds retry_max{5000};
  std::function<void()> on_registered;             // called once, on the registration thread
  std::function<void(std::string_view line)> log;  // called by any thread; default: stderr
};

// Declares actors, listens for the kernel's calls and registers with the kernel.
//
// Life cycle: declare actors, then run(), or start() ... stop() ... wait(). start() listens first
// and registers after; it tries until the kernel accepts or stop() is called. A host is started
// once. A kernel that restarts remembers the registration; it is not repeated.
// Thread: declare and start on one thread; stop() on any, also from an action.
// Owns its workers and sockets.
class host : public actor_set {
 public:
  explicit host(std::string system, host_options options = {});
  ~host();  // stops and waits
  host(const host&) = delete;
  host& operator=(const host&) = delete;

  // Throws std::system_error when the port cannot be had, std::logic_error when started before.
  void start();
  void stop();
  // Returns when the workers have ended after stop().
  void wait();
  // start(), then waits for stop(), SIGINT or SIGTERM. Call it before other threads are made: it
  // blocks the two signals in this thread and those it starts.
  void run();

  [[nodiscard]] std::uint16_t port() const;  // the port in use, after start()
  [[nodiscard]] bool registered() const;
  [[nodiscard]] bool wait_registered(std::chrono::milliseconds at_most) const;
  [[nodiscard]] const std::string& system() const;

 private:
  struct parts;

  std::unique_ptr<parts> parts_;
};

}  // namespace spawn::sdk
