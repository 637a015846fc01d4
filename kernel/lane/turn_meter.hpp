// Tells work that held its lane up from work that the machine kept waiting for a processor.
#pragma once
#include <cstdint>

namespace spawn {

// Reads the scheduler's own account of this thread (/proc/thread-self/schedstat). Where that is not
// there, all of a turn's time is its own. One per lane; [lane] only.
class turn_meter {
 public:
  turn_meter() = default;
  turn_meter(const turn_meter&) = delete;
  turn_meter& operator=(const turn_meter&) = delete;
  ~turn_meter();

  // On the lane's thread, once, before the first turn.
  void attach() noexcept;
  // A turn begins. Cheap: looks at the account at most once in a millisecond.
  void begin(std::uint64_t now_ns) noexcept {
    if (now_ns - read_at_ns_ > refresh_ns) {
      read_at_ns_ = now_ns;
      waited_ns_ = waited_for_processor();
    }
  }
  // Of `took_ns` within the turn that began last: what was computed or blocked, without what stood
  // ready and had no processor. Too small by what the rest of the turn waited.
  [[nodiscard]] std::uint64_t own_ns(std::uint64_t took_ns) const noexcept {
    const std::uint64_t waited = waited_for_processor() - waited_ns_;
    return took_ns > waited ? took_ns - waited : 0;
  }

 private:
  static constexpr std::uint64_t refresh_ns = 1'000'000;
  [[nodiscard]] std::uint64_t waited_for_processor() const noexcept;

  int schedstat_ = -1;
  std::uint64_t read_at_ns_ = 0;
  std::uint64_t waited_ns_ = 0;
};

}  // namespace spawn
