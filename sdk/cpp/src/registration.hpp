// Tells the kernel which actors this host serves, until the kernel has understood.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "spawn/sdk/host.hpp"

namespace spawn::sdk::detail {

// Tries until the kernel accepts or stop() is called, with growing pauses.
// Life cycle: start() once, stop() on any thread, join(). Owns its thread.
class registration {
 public:
  // `advertise` empty: no spawn-host header.
  registration(const host_options& options, std::string body, std::string advertise);
  ~registration();
  registration(const registration&) = delete;
  registration& operator=(const registration&) = delete;

  void start();
  void stop();
  void join();
  [[nodiscard]] bool done() const;
  [[nodiscard]] bool wait_done(std::chrono::milliseconds at_most) const;

 private:
  void run();
  // Empty when the kernel accepted, else the reason.
  [[nodiscard]] std::string attempt();

  const host_options& options_;
  const std::string body_;
  const std::string header_;
  int cancel_event_ = -1;
  std::thread thread_;
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  bool done_ = false;      // guarded by mutex_
  bool stopping_ = false;  // guarded by mutex_
};

}  // namespace spawn::sdk::detail
