// Writers: each names one activation of one cell, for ever (durability.md 2, D20).
#pragma once
#include <cstdint>

namespace spawn {

// 40 bits of this kernel's incarnation, drawn at start, and 24 bits of activation per lane and
// incarnation. When a lane has used its 24 bits it takes a further incarnation: the base moves on
// by one, within a span of incarnations that is this lane's own. [lane]
class writer_ids {
 public:
  // `incarnation`: random, the same for all lanes of a process.
  writer_ids(std::uint64_t incarnation, std::uint32_t lane) noexcept
      : base_((incarnation + (static_cast<std::uint64_t>(lane) << 20)) & mask_) {}
  [[nodiscard]] std::uint64_t next() noexcept {
    if (++activation_ == (1u << 24)) {
      activation_ = 1;
      base_ = (base_ + 1) & mask_;
    }
    return base_ << 24 | activation_;
  }

 private:
  static constexpr std::uint64_t mask_ = (std::uint64_t{1} << 40) - 1;
  std::uint64_t base_;
  std::uint32_t activation_ = 0;
};

}  // namespace spawn
