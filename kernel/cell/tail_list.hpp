// The last row an actor sent to each of its receivers, so that a receiver can tell whether the next
// one follows what it has seen (durability.md 13).
#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace spawn {

// Bounded: the receiver that was sent to the longest ago is forgotten first. A hint and no more:
// what is not in it costs the receiver a look at the store. [lane]
class tail_list {
 public:
  static constexpr std::size_t kept_max = 64;    // in memory
  static constexpr std::size_t stored_max = 16;  // with the record

  // 0: not known.
  [[nodiscard]] std::uint64_t find(std::uint64_t receiver) const noexcept {
    const auto found = std::find_if(entries_.begin(), entries_.end(),
                                    [&](const auto& each) { return each.first == receiver; });
    return found == entries_.end() ? 0 : found->second;
  }
  void sent(std::uint64_t receiver, std::uint64_t seq) {
    std::erase_if(entries_, [&](const auto& each) { return each.first == receiver; });
    if (entries_.size() == kept_max) {
      entries_.erase(entries_.begin());
      complete_ = false;
    }
    entries_.emplace_back(receiver, seq);
  }
  // Nothing was ever sent.
  void begin() {
    entries_.clear();
    complete_ = true;
  }
  // As they were stored: all there were.
  void begin_with(std::vector<std::pair<std::uint64_t, std::uint64_t>> all) {
    entries_ = std::move(all);
    complete_ = true;
  }
  // No receiver was ever left out.
  [[nodiscard]] bool is_complete() const noexcept { return complete_; }
  // What to store: everything, or nothing.
  [[nodiscard]] bool is_stored() const noexcept {
    return complete_ && !entries_.empty() && entries_.size() <= stored_max;
  }
  [[nodiscard]] const std::vector<std::pair<std::uint64_t, std::uint64_t>>& entries()
      const noexcept {
    return entries_;
  }

 private:
  std::vector<std::pair<std::uint64_t, std::uint64_t>> entries_;  // receiver, seq; oldest first
  bool complete_ = false;
};

}  // namespace spawn
