// Messages that wait for their wall-clock time (protocol.md 6.5). In memory.
#pragma once
#include <map>

#include "base/unique_function.hpp"
#include "lane/lane.hpp"
#include "model/invocation.hpp"

namespace spawn {

// Due by the wall clock, looked at anew at least once a second, so that a clock that is set takes
// effect (D11). Each fires once, in order of due time. [lane]
class schedule {
 public:
  schedule(lane& home, unique_function<void(invocation_ptr)> due);
  ~schedule();
  // Epoch milliseconds of a scheduled_to: small values are relative to now.
  [[nodiscard]] static std::int64_t due_ms(std::int64_t scheduled_to, std::int64_t now_ms) noexcept;
  void add(invocation_ptr message, std::int64_t due_unix_ms);
  [[nodiscard]] std::size_t size() const noexcept { return waiting_.size(); }
  // For good: what waits is dropped, and nothing more is to be added.
  void stop();
  [[nodiscard]] bool is_stopped() const noexcept { return stopped_; }

 private:
  void look();
  void arm();

  lane& lane_;
  bool stopped_ = false;
  unique_function<void(invocation_ptr)> due_;
  std::multimap<std::int64_t, invocation_ptr> waiting_;
  struct look_timer : timer {
    schedule* owner = nullptr;
  } timer_;
};

}  // namespace spawn
