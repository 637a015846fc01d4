// Which messages of one channel the broker waits for, and how few acks tell it what is done.
#pragma once
#include <cstdint>
#include <set>

namespace rabbitmq {

// Holds no more than what was fetched and not answered. [session thread]
class ack_book {
 public:
  void delivered(std::uint64_t tag) { open_.insert(open_.end(), tag); }
  // False: not a tag the broker waits for.
  [[nodiscard]] bool knows(std::uint64_t tag) const { return open_.contains(tag); }
  // To be acknowledged by the next flush.
  void acked(std::uint64_t tag) {
    if (knows(tag)) {
      acked_.insert(tag);
    }
  }
  // It was rejected or requeued by a frame that has gone out: later acks do not cover it.
  void returned(std::uint64_t tag) {
    open_.erase(tag);
    acked_.erase(tag);
  }
  [[nodiscard]] std::size_t open() const noexcept { return open_.size(); }
  [[nodiscard]] bool has_acks() const noexcept { return !acked_.empty(); }

  // send(tag, multiple) says whether that went out; at the first that did not, the rest stays. One
  // for all that is acknowledged up to the first message that is still open, one for each beyond.
  template <class Send>
  void flush(Send&& send) {
    auto at = open_.begin();
    std::uint64_t last = 0, n = 0;
    for (auto acked = acked_.begin(); acked != acked_.end() && *acked == *at; ++acked, ++at) {
      last = *acked;
      ++n;
    }
    if (n > 0) {
      if (!send(last, n > 1)) {
        return;
      }
      acked_.erase(acked_.begin(), acked_.upper_bound(last));
      open_.erase(open_.begin(), at);
    }
    while (!acked_.empty() && send(*acked_.begin(), false)) {
      open_.erase(*acked_.begin());
      acked_.erase(acked_.begin());
    }
  }

 private:
  std::set<std::uint64_t> open_, acked_;
};

}  // namespace rabbitmq
