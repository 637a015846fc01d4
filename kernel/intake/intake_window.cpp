// How many messages an activator may have under way, and for how long its source lets them be held.
#include <algorithm>

#include "intake/intake_work.hpp"

namespace spawn {
namespace {

constexpr std::uint64_t extend_every_ms = 250;
constexpr std::uint64_t reopen_ms = 1'000;
constexpr std::uint64_t cut_every_ns = ns_per_s;
constexpr std::uint32_t window_min = 8;

}  // namespace

void intake::set_window(std::uint32_t window) {
  window_.store(window, std::memory_order_relaxed);
  if (!port_.set_window(window, now() != mode::open)) {
    lane_.arm_after_ms(reopen_, reopen_ms);
  }
}

// A bound of the kernel was reached: half as many at once, at most once a second.
void intake::note_pressure() {
  const std::uint64_t now_ns = lane_.now_ns();
  if (now() != mode::open || now_ns - cut_ns_ < cut_every_ns) {
    return;
  }
  cut_ns_ = now_ns;
  good_ = 0;
  const std::uint32_t less = std::max(window() / 2, std::min(window_min, options_.window));
  if (less < window()) {
    set_window(less);
  }
}

// A whole window went well: a sixteenth more.
void intake::note_success() {
  if (window() >= options_.window || now() != mode::open || ++good_ < window()) {
    return;
  }
  good_ = 0;
  set_window(std::min(options_.window, window() + std::max(window() / 16, 1U)));
}

void intake::extend_all() {
  if (now() == mode::closed || now() == mode::drained) {
    return;
  }
  const std::uint64_t now_ns = lane_.now_ns();
  std::vector<spawn_settle> due;
  all_.for_each([&](work& each) {
    if (each.hold_ns == 0 || each.raw.settle_by_ns > now_ns + each.hold_ns / 2) {
      return;
    }
    spawn_settle more{};
    more.struct_size = sizeof(more);
    more.verdict = SPAWN_EXTEND;
    more.token = each.raw.token;
    more.delay_ms = static_cast<std::uint32_t>(each.hold_ns / ns_per_ms);
    due.push_back(more);
    each.raw.settle_by_ns = now_ns + each.hold_ns;
  });
  std::vector<const spawn_settle*> raw;
  for (const spawn_settle& each : due) {
    raw.push_back(&each);
  }
  port_.settle(raw);
  lane_.arm_after_ms(extend_, extend_every_ms);
}

}  // namespace spawn
