// Tells work that held its lane up from work that the machine kept waiting for a processor.
#pragma once
#include <algorithm>
#include <cstdint>

namespace spawn {

// Reads the scheduler's own accounts of this thread: its time on a processor and how often it gave
// the processor up itself (getrusage), its time ready without one (/proc/thread-self/schedstat). A
// virtual machine's processor may itself be withheld; only the first account leaves that out. One
// per lane; [lane] only.
class turn_meter {
 public:
  turn_meter() = default;
  turn_meter(const turn_meter&) = delete;
  turn_meter& operator=(const turn_meter&) = delete;
  ~turn_meter();

  // On the lane's thread, once, before the first turn.
  void attach() noexcept;
  // The lane is about to wait for events, and may sleep.
  void waiting() noexcept { ++waits_; }
  // A turn begins. Cheap: looks at the accounts at most once in two milliseconds.
  void begin(std::uint64_t now_ns) noexcept {
    if (now_ns - read_at_ns_ > refresh_ns) {
      read_at_ns_ = now_ns;
      before_ = read();
      waits_ = 0;
    }
  }
  // Of `took_ns` within the turn that began last: what was computed or blocked, without what had no
  // processor. Where the thread gave up the processor only to wait for events, that is what it
  // computed.
  [[nodiscard]] std::uint64_t own_ns(std::uint64_t took_ns) const noexcept {
    const accounts after = read();
    if (after.gave_up - before_.gave_up <= waits_) {
      return std::min(took_ns, after.computed_ns - before_.computed_ns);
    }
    const std::uint64_t waited = after.waited_ns - before_.waited_ns;
    return took_ns > waited ? took_ns - waited : 0;
  }

 private:
  struct accounts {
    std::uint64_t computed_ns = 0;
    std::uint64_t waited_ns = 0;  // ready, and no processor
    std::uint64_t gave_up = 0;    // voluntary context switches
  };
  static constexpr std::uint64_t refresh_ns = 2'000'000;
  [[nodiscard]] accounts read() const noexcept;

  int schedstat_ = -1;
  std::uint64_t read_at_ns_ = 0;
  std::uint64_t waits_ = 0;  // since read_at_ns_
  accounts before_;
};

}  // namespace spawn
