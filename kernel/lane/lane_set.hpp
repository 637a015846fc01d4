// All lanes of a kernel, as the stations see them: by index.
#pragma once
#include <cstdint>
#include <memory>
#include <vector>

#include "lane/lane.hpp"

namespace spawn {

// Owns nothing; the lanes outlive it. Immutable after construction, so any thread may read it.
class lane_set {
 public:
  explicit lane_set(std::vector<lane*> lanes) : lanes_(std::move(lanes)) {}
  [[nodiscard]] std::uint32_t size() const noexcept {
    return static_cast<std::uint32_t>(lanes_.size());
  }
  [[nodiscard]] lane& operator[](std::size_t i) const noexcept { return *lanes_[i]; }
  // The lane of a 64-bit hash (D2).
  [[nodiscard]] lane& of(std::uint64_t hash) const noexcept {
    return *lanes_[(hash >> 32) % lanes_.size()];
  }

 private:
  std::vector<lane*> lanes_;
};

}  // namespace spawn
