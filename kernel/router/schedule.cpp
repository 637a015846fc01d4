#include "router/schedule.hpp"

#include <algorithm>

#include "base/limits.hpp"

namespace spawn {

schedule::schedule(lane& home, unique_function<void(invocation_ptr)> due)
    : lane_(home), due_(std::move(due)) {
  timer_.owner = this;
  timer_.fire = [](timer& t) { static_cast<look_timer&>(t).owner->look(); };
}

schedule::~schedule() = default;

std::int64_t schedule::due_ms(std::int64_t scheduled_to, std::int64_t now_ms) noexcept {
  if (scheduled_to <= 0) {
    return now_ms;
  }
  constexpr auto relative_below = static_cast<std::int64_t>(limits::relative_schedule_below_ms);
  return scheduled_to < relative_below ? now_ms + scheduled_to : scheduled_to;
}

void schedule::add(invocation_ptr message, std::int64_t due_unix_ms) {
  waiting_.emplace(due_unix_ms, std::move(message));
  arm();
}

void schedule::arm() {
  if (waiting_.empty()) {
    timer_.unlink();
    return;
  }
  const std::int64_t wait = waiting_.begin()->first - lane_.unix_ms();
  lane_.arm_after_ms(timer_, static_cast<std::uint64_t>(std::clamp<std::int64_t>(wait, 0, 1'000)));
}

void schedule::look() {
  const std::int64_t now = lane_.unix_ms();
  while (!waiting_.empty() && waiting_.begin()->first <= now) {
    invocation_ptr message = std::move(waiting_.begin()->second);
    waiting_.erase(waiting_.begin());
    due_(std::move(message));
  }
  arm();
}

void schedule::stop() {
  stopped_ = true;
  timer_.unlink();
  waiting_.clear();
}

}  // namespace spawn
