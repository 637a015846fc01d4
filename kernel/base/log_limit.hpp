// At most one line a second for something that a client can cause at will.
#pragma once
#include <cstdint>
#include <utility>

#include "base/clock.hpp"

namespace spawn {

// One per kind of line and lane. [lane]
class log_limit {
 public:
  // True: write the line now; false: it is counted instead.
  [[nodiscard]] bool allows(std::uint64_t now_ns) noexcept {
    if (now_ns < next_ns_) {
      ++held_back_;
      return false;
    }
    next_ns_ = now_ns + ns_per_s;
    return true;
  }
  // Lines held back since the last that was written; a field of the line.
  [[nodiscard]] std::uint64_t take_held_back() noexcept { return std::exchange(held_back_, 0); }

 private:
  std::uint64_t next_ns_ = 0;
  std::uint64_t held_back_ = 0;
};

}  // namespace spawn
