// offset_ledger: which offsets of one partition are done, and so how far the group may commit.
//
// Kafka keeps one number for a partition and a group: where reading begins again. All below it
// count as done, so it may only pass offsets that were settled, however many beyond the first
// unsettled one are settled too. Offsets of a partition ascend but may have gaps (compaction,
// transactions).
//
// Thread: the owner's. Memory: one entry for each offset from the first unsettled one on.
#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>

namespace kafka_activator {

class offset_ledger {
 public:
  static constexpr std::int64_t unknown = -1;

  // False: it is below one that was taken already, so it came a second time.
  bool take(std::int64_t offset) {
    if (offset < next_) {
      return false;
    }
    first_ = first_ == unknown ? offset : first_;
    position_ = entries_.empty() ? offset : position_;
    entries_.push_back({offset, false});
    next_ = offset + 1;
    return true;
  }

  // False: it was never taken, or is settled already.
  bool settle(std::int64_t offset) {
    const auto at = std::lower_bound(entries_.begin(), entries_.end(), offset,
                                     [](const entry& e, std::int64_t o) { return e.offset < o; });
    if (at == entries_.end() || at->offset != offset || at->done) {
      return false;
    }
    at->done = true;
    while (!entries_.empty() && entries_.front().done) {
      entries_.pop_front();
    }
    position_ = entries_.empty() ? next_ : entries_.front().offset;
    return true;
  }

  // The first offset that was taken, `unknown` before.
  [[nodiscard]] std::int64_t first() const noexcept { return first_; }
  // Where reading has to begin if everything ended now: the first unsettled offset, or the one
  // after the last. `unknown` before the first take().
  [[nodiscard]] std::int64_t position() const noexcept { return position_; }
  // The smallest offset that take() would accept.
  [[nodiscard]] std::int64_t next() const noexcept { return next_; }
  // Offsets from the first unsettled one on, settled or not: what is read a second time after a
  // crash, at most.
  [[nodiscard]] std::size_t span() const noexcept { return entries_.size(); }

 private:
  struct entry {
    std::int64_t offset;
    bool done;
  };
  std::deque<entry> entries_;  // ascending; the front is not done
  std::int64_t next_ = 0, first_ = unknown, position_ = unknown;
};

}  // namespace kafka_activator
