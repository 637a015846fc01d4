// When to ask the broker for how many messages, so that its prefetch follows the kernel's window.
#pragma once
#include <cstddef>
#include <cstdint>

namespace rabbitmq {

// A prefetch is fixed for the life of a consumer, so following means to cancel and to consume
// again; what the old consumer has out does not count for the new one. So small moves wait for a
// quiet moment, and there is no new consumer while messages are left that were fetched ahead.
class fetch_plan {
 public:
  struct seen {
    std::uint32_t wanted = 0;  // the window; 0: nothing is to come
    std::size_t held = 0;      // fetched and not offered
    std::uint32_t stuck = 0;   // of this consumer's, waiting for their next try
    bool may_replace = true;   // not too much is waiting for its next try
    bool quiet = false;        // nothing has happened for a while
  };
  struct step {
    bool cancel = false;
    std::uint16_t consume = 0;  // with this prefetch, after the cancel; 0: no new consumer
  };

  // What to do now; it counts as done.
  [[nodiscard]] step next(const seen& now) noexcept;
  // The session is over.
  void forget() noexcept { prefetch_ = 0; }
  [[nodiscard]] bool consuming() const noexcept { return prefetch_ != 0; }

 private:
  [[nodiscard]] bool has_to_change(std::uint32_t wanted, const seen& now) const noexcept;

  std::uint16_t prefetch_ = 0;
};

}  // namespace rabbitmq
