// The instance's own thread: opens the listeners, tries again while an address is taken, and
// watches how long a drain takes.
#pragma once
#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

#include "http_server.hpp"
#include "server.hpp"

namespace grpc_source {

// Life: start(), then stop() once. Says by the host's health whether requests can come.
class supervisor {
 public:
  // Borrows both.
  supervisor(const service_context& context, const http_rule_table& rules);
  supervisor(const supervisor&) = delete;
  supervisor& operator=(const supervisor&) = delete;
  ~supervisor() { stop(); }

  void start();  // [control]
  // Everything is closed and joined when it returns, within seconds. [control]
  void stop();
  // A drain has begun: it is given up after a bound of time, or at its deadline.
  void drain_until(std::uint64_t deadline_ns);  // [control]
  // Pause, window or admission changed: those who watch the health are told. [any]
  void serving_changed();

 private:
  void run();
  [[nodiscard]] bool open_all();
  // False: it is time to stop.
  [[nodiscard]] bool wait(std::uint32_t ms);
  void watch_drain();

  const service_context& context_;
  grpc_server grpc_;
  http_server http_;
  std::mutex mutex_;  // of what follows, and of grpc_ between open and close
  std::condition_variable changed_;
  bool stopping_ = false, draining_ = false, open_ = false;
  std::uint64_t drain_deadline_ns_ = 0;
  std::thread thread_;
};

}  // namespace grpc_source
