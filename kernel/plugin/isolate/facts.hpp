// What operators see of an isolated instance.
#pragma once
#include <atomic>
#include <cstdint>
#include <mutex>
#include <string>

namespace spawn {

// Written by the instance's own thread, read by [any].
class isolation_facts {
 public:
  std::atomic<std::int64_t> pid{0};  // 0: no process now
  std::atomic<std::uint64_t> restarts{0};

  void set_cause(std::string text) {
    const std::lock_guard hold(mutex_);
    cause_ = std::move(text);
  }
  void set_sandbox(std::string text) {
    const std::lock_guard hold(mutex_);
    sandbox_ = std::move(text);
  }
  // Why the last process ended; empty: none has.
  [[nodiscard]] std::string cause() const {
    const std::lock_guard hold(mutex_);
    return cause_;
  }
  // What keeps the process in: "seccomp landlock".
  [[nodiscard]] std::string sandbox() const {
    const std::lock_guard hold(mutex_);
    return sandbox_;
  }

 private:
  mutable std::mutex mutex_;
  std::string cause_;
  std::string sandbox_;
};

}  // namespace spawn
