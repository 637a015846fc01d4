// A wait of the session thread: for others to join a batch, until the next try, for a stream to
// prove itself. Such waits read a clock of their own and not the host's; nothing that is told to
// the host comes from it.
#pragma once
#include <algorithm>
#include <chrono>
#include <cstdint>

namespace pubsub {

class wait {
 public:
  // Over at once until start() is called.
  wait() = default;

  void start(std::uint32_t ms) { end_ = now() + std::chrono::milliseconds(ms); }
  [[nodiscard]] bool over() const { return now() >= end_; }
  // At least 1 while it is not over, so that a poll() of that time ends after it.
  [[nodiscard]] int left_ms() const {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end_ - now()).count();
    return over() ? 0 : static_cast<int>(std::min<std::int64_t>(left, 3'600'000)) + 1;
  }

 private:
  using clock = std::chrono::steady_clock;
  static clock::time_point now() { return clock::now(); }
  clock::time_point end_{};
};

}  // namespace pubsub
