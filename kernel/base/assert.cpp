#include "base/assert.hpp"

#include <cstdio>
#include <cstdlib>

namespace spawn::detail {

void assert_failed(const char* condition, const char* file, int line, const char* why) noexcept {
  std::fprintf(stderr, "spawn: assertion failed: %s (%s) at %s:%d\n", why, condition, file, line);
  std::fflush(stderr);
  std::abort();
}

}  // namespace spawn::detail
