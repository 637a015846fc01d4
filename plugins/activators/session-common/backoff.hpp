// How long to wait before the next try to reach a server: doubled each time, with jitter, so that
// many kernels do not come back at once.
#pragma once
#include <algorithm>
#include <cstdint>
#include <random>

namespace spawn::plugin {

class backoff {
 public:
  backoff(std::uint32_t first_ms, std::uint32_t most_ms) : first_(first_ms), most_(most_ms) {}

  // Milliseconds, between half of the step and all of it; the next step is twice as long.
  [[nodiscard]] std::uint32_t next() {
    step_ = step_ == 0 ? first_ : std::min(most_, step_ * 2);
    return std::uniform_int_distribution<std::uint32_t>(step_ / 2, step_)(random_);
  }
  // The server answered.
  void reset() noexcept { step_ = 0; }

 private:
  std::uint32_t first_, most_, step_ = 0;
  std::minstd_rand random_{std::random_device{}()};
};

}  // namespace spawn::plugin
