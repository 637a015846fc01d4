#include "fetch_plan.hpp"

#include <algorithm>

namespace rabbitmq {

namespace {
constexpr std::uint32_t prefetch_max = UINT16_MAX;
}

bool fetch_plan::has_to_change(std::uint32_t wanted, const seen& now) const noexcept {
  const std::uint32_t quarter = prefetch_ / 4u;
  if (wanted < prefetch_) {
    return prefetch_ - wanted > (now.quiet ? 0 : quarter);
  }
  const std::uint32_t gives = prefetch_ - std::min<std::uint32_t>(now.stuck, prefetch_);
  const std::uint32_t lacks = wanted - gives;
  return lacks >= (now.quiet ? 1 : std::max(1u, quarter)) && now.held == 0 && now.may_replace;
}

fetch_plan::step fetch_plan::next(const seen& now) noexcept {
  const std::uint32_t wanted = std::min(now.wanted, prefetch_max);
  step out;
  if (consuming() && (wanted == 0 || has_to_change(wanted, now))) {
    out.cancel = true;
    prefetch_ = 0;
  }
  if (!consuming() && wanted != 0 && now.held == 0) {
    out.consume = prefetch_ = static_cast<std::uint16_t>(wanted);
  }
  return out;
}

}  // namespace rabbitmq
