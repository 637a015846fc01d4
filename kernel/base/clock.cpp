#include "base/clock.hpp"

#include <ctime>

namespace spawn {
namespace {

std::uint64_t read_ns(clockid_t id) noexcept {
  timespec ts{};
  ::clock_gettime(id, &ts);
  return static_cast<std::uint64_t>(ts.tv_sec) * ns_per_s + static_cast<std::uint64_t>(ts.tv_nsec);
}

}  // namespace

std::uint64_t system_clock::now_ns() const noexcept {
  return read_ns(CLOCK_MONOTONIC);
}

std::int64_t system_clock::unix_ms() const noexcept {
  return static_cast<std::int64_t>(read_ns(CLOCK_REALTIME) / ns_per_ms);
}

}  // namespace spawn
