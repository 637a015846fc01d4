// Assertions. SPAWN_ASSERT: programmer error, always on, ends the process. SPAWN_DCHECK: hot loops,
// debug builds only. Nothing that comes from a network, a disk or a plugin is ever asserted on.
#pragma once

namespace spawn::detail {
[[noreturn]] void assert_failed(const char* condition, const char* file, int line,
                                const char* why) noexcept;
}  // namespace spawn::detail

#define SPAWN_ASSERT(condition, why)                                       \
  do {                                                                     \
    if (!(condition)) [[unlikely]] {                                       \
      ::spawn::detail::assert_failed(#condition, __FILE__, __LINE__, why); \
    }                                                                      \
  } while (false)

#ifdef SPAWN_DCHECKS
#define SPAWN_DCHECK(condition, why) SPAWN_ASSERT(condition, why)
#else
#define SPAWN_DCHECK(condition, why) static_cast<void>(0)
#endif
