// File descriptors on a lane's event loop, for plugins. Lanes without one (the simulator's) have
// no lane_io, and spawn.host.loop/1 answers UNSUPPORTED there.
#pragma once
#include <cstdint>

#include "base/result.hpp"
#include "base/unique_function.hpp"

namespace spawn {

// Bits of `events`, as in poll.h: 1 readable, 4 writable, 8 error or hang-up (always reported).
struct fd_events {
  static constexpr std::uint32_t readable = 1;
  static constexpr std::uint32_t writable = 4;
  static constexpr std::uint32_t broken = 8;
};

// Belongs to one lane; all calls on its thread. The descriptors stay the plugin's.
class lane_io {
 public:
  virtual ~lane_io() = default;
  // Calls on_event with the bits that are set, until unwatch. One watch per descriptor: a second
  // one replaces the first.
  [[nodiscard]] virtual result<void> watch(int fd, std::uint32_t events,
                                           unique_function<void(std::uint32_t)> on_event) = 0;
  virtual void unwatch(int fd) noexcept = 0;
};

}  // namespace spawn
