#include "lane/turn_meter.hpp"

#include <fcntl.h>
#include <sys/resource.h>
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

turn_meter::accounts turn_meter::read() const noexcept {
  accounts now;
  rusage used{};
  ::getrusage(RUSAGE_THREAD, &used);
  const auto us = [](const timeval& t) {
    return static_cast<std::uint64_t>(t.tv_sec) * 1'000'000 + static_cast<std::uint64_t>(t.tv_usec);
  };
  now.computed_ns = 1'000 * (us(used.ru_utime) + us(used.ru_stime));
  now.gave_up = static_cast<std::uint64_t>(used.ru_nvcsw);
  // "time on a processor, time ready without one, time slices"; nanoseconds.
  char text[96];
  const ssize_t n = schedstat_ < 0 ? -1 : ::pread(schedstat_, text, sizeof text, 0);
  if (n > 0) {
    const auto* space =
        static_cast<const char*>(std::memchr(text, ' ', static_cast<std::size_t>(n)));
    if (space != nullptr) {
      std::from_chars(space + 1, text + n, now.waited_ns);
    }
  }
  return now;
}

}  // namespace spawn
