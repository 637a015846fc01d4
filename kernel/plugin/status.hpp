// Statuses of the plugin ABI as the kernel's errc, and back. The numbers are the same.
#pragma once
#include "base/error.hpp"
#include "spawn/plugin/abi.h"

namespace spawn {

static_assert(static_cast<int>(errc::ok) == SPAWN_OK);
static_assert(static_cast<int>(errc::invalid) == SPAWN_E_INVALID);
static_assert(static_cast<int>(errc::not_found) == SPAWN_E_NOT_FOUND);
static_assert(static_cast<int>(errc::conflict) == SPAWN_E_CONFLICT);
static_assert(static_cast<int>(errc::unavailable) == SPAWN_E_UNAVAILABLE);
static_assert(static_cast<int>(errc::unknown_outcome) == SPAWN_E_UNKNOWN_OUTCOME);
static_assert(static_cast<int>(errc::deadline) == SPAWN_E_DEADLINE);
static_assert(static_cast<int>(errc::cancelled) == SPAWN_E_CANCELLED);
static_assert(static_cast<int>(errc::exhausted) == SPAWN_E_EXHAUSTED);
static_assert(static_cast<int>(errc::too_large) == SPAWN_E_TOO_LARGE);
static_assert(static_cast<int>(errc::denied) == SPAWN_E_DENIED);
static_assert(static_cast<int>(errc::unsupported) == SPAWN_E_UNSUPPORTED);
static_assert(static_cast<int>(errc::corrupt) == SPAWN_E_CORRUPT);
static_assert(static_cast<int>(errc::shutdown) == SPAWN_E_SHUTDOWN);
static_assert(static_cast<int>(errc::internal) == SPAWN_E_INTERNAL);
static_assert(static_cast<int>(errc::aborted) == SPAWN_E_ABORTED);

// A number this kernel does not know means INTERNAL; 4 was never given out.
[[nodiscard]] constexpr errc known_status(spawn_status status) noexcept {
  if (status < SPAWN_OK || status > SPAWN_E_ABORTED || status == 4) {
    return errc::internal;
  }
  return static_cast<errc>(status);
}

}  // namespace spawn
