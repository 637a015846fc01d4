#include "lane/turn_meter.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <charconv>
#include <cstring>

namespace spawn {

turn_meter::~turn_meter() {
  if (schedstat_ >= 0) {
    ::close(schedstat_);
  }
}

void turn_meter::attach() noexcept {
  schedstat_ = ::open("/proc/thread-self/schedstat", O_RDONLY | O_CLOEXEC);
}

std::uint64_t turn_meter::waited_for_processor() const noexcept {
  // "time on a processor, time ready without one, time slices"; nanoseconds.
  char text[96];
  const ssize_t n = schedstat_ < 0 ? -1 : ::pread(schedstat_, text, sizeof text, 0);
  if (n <= 0) {
    return 0;
  }
  const char* end = text + n;
  const auto* space = static_cast<const char*>(std::memchr(text, ' ', static_cast<std::size_t>(n)));
  std::uint64_t waited = 0;
  if (space != nullptr) {
    std::from_chars(space + 1, end, waited);
  }
  return waited;
}

}  // namespace spawn
