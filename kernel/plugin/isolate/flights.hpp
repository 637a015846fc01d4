// Operations that a child process has.
#pragma once
#include <cstdint>
#include <utility>
#include <vector>

#include "plugin/isolate/op_codec.hpp"

namespace spawn::isolate {

// Numbers for ops, since addresses mean nothing to a child and what it answers is not trusted: a
// number counts once. Not thread-safe.
class flights {
 public:
  static constexpr std::uint8_t own_step = 0xff;
  struct flight {
    spawn_op* op = nullptr;  // null: not in flight
    op_form form{};
    std::uint8_t step = 0;  // life_step of a life op; own_step: of the proxy, not of the kernel
  };

  [[nodiscard]] std::uint64_t add(spawn_op* op, op_form form, std::uint8_t step = 0) {
    if (free_.empty()) {
      free_.push_back(static_cast<std::uint32_t>(slots_.size()));
      slots_.emplace_back();
    }
    const std::uint32_t at = free_.back();
    free_.pop_back();
    slots_[at].is = {op, form, step};
    ++in_flight_;
    return std::uint64_t{++slots_[at].generation} << 32 | at;
  }
  [[nodiscard]] flight take(std::uint64_t id) {
    const auto at = static_cast<std::uint32_t>(id);
    if (at >= slots_.size() || slots_[at].generation != id >> 32 || slots_[at].is.op == nullptr) {
      return {};
    }
    free_.push_back(at);
    --in_flight_;
    return std::exchange(slots_[at].is, {});
  }
  [[nodiscard]] std::vector<flight> take_all() {
    std::vector<flight> out;
    for (std::uint32_t at = 0; at < slots_.size(); ++at) {
      if (slots_[at].is.op != nullptr) {
        out.push_back(take(std::uint64_t{slots_[at].generation} << 32 | at));
      }
    }
    return out;
  }
  [[nodiscard]] std::size_t in_flight() const noexcept { return in_flight_; }

 private:
  struct slot {
    flight is;
    std::uint32_t generation = 0;
  };
  std::vector<slot> slots_;
  std::vector<std::uint32_t> free_;
  std::size_t in_flight_ = 0;
};

}  // namespace spawn::isolate
