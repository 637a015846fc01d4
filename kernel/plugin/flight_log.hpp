// The operations that a plugin has and has not ended yet.
#pragma once
#include <cstdint>
#include <string_view>
#include <vector>

#include "plugin/ports/op.hpp"

namespace spawn {

// An operation past its deadline, as drain reports it.
struct unfinished_op {
  std::uint64_t op_id = 0;
  std::uint32_t lane = 0;
  std::uint16_t code = 0;
  std::uint64_t overdue_ms = 0;
};

// Ends an op in the plugin's place, with a text. False: it was not in flight. [any]
bool end_here(spawn_op& raw, errc status, std::string_view text);

// When an op was handed over, in units of 4,096 ns: in the upper half of its second private word,
// whose lower half is the generation (op.hpp) and is all that port_op looks at.
inline void note_submitted(spawn_op& raw, std::uint64_t now_ns) noexcept {
  const auto word = reinterpret_cast<std::uintptr_t>(raw.host_private[1]) & 0xFFFF'FFFFu;
  raw.host_private[1] = reinterpret_cast<void*>((now_ns >> 12 << 32) | word);
}
// How long ago that was, or nothing when nobody noted it. Good for less than four hours.
[[nodiscard]] inline std::uint64_t since_submitted_ns(std::uintptr_t word,
                                                      std::uint64_t now_ns) noexcept {
  const auto then = static_cast<std::uint32_t>(word >> 32);
  return then == 0 ? 0 : std::uint64_t{static_cast<std::uint32_t>((now_ns >> 12) - then)} << 12;
}

// One per lane and instance; [lane], or [control] once the lane's gate is closed. Remembers copies
// only: an op that ended is memory of its owner again, told apart by its generation.
class flight_log {
 public:
  // An op without a deadline counts as overdue after this long.
  static constexpr std::uint64_t patience_ms = 60'000;
  // Memory for overdue ops; more of them are counted only.
  static constexpr std::size_t kept_max = 256;

  void add(spawn_op& raw, std::uint64_t now_ns);
  [[nodiscard]] std::uint64_t added() const noexcept { return added_; }
  // Ends those of the newest n that are still in flight; returns how many.
  std::size_t end_newest(std::size_t n, errc status, std::string_view text);
  void list(std::uint64_t now_ns, std::uint32_t lane, std::vector<unfinished_op>& out) const;
  [[nodiscard]] bool all_ended() const noexcept;

 private:
  struct flight {
    port_op* op;
    std::uint32_t generation;
    std::uint16_t code;
    std::uint64_t op_id;
    std::uint64_t due_ns;
    [[nodiscard]] bool flying() const noexcept;
  };
  void forget_ended(std::uint64_t now_ns);

  std::vector<flight> flights_;  // [head_, size): in order of submission
  std::size_t head_ = 0;
  std::vector<flight> overdue_;
  std::uint64_t added_ = 0;
};

}  // namespace spawn
