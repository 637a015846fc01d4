#include "admin/process_facts.hpp"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

namespace spawn {
namespace {

double seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

std::uint64_t resident() {
  const int fd = ::open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
  if (fd < 0) {
    return 0;
  }
  char text[128]{};
  const auto n = ::read(fd, text, sizeof text - 1);
  ::close(fd);
  if (n <= 0) {
    return 0;
  }
  char* second = nullptr;
  static_cast<void>(std::strtoull(text, &second, 10));
  return std::strtoull(second, nullptr, 10) * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

// Newer systems give the number as the folder's size; older ones want it counted.
std::uint64_t descriptors() {
  struct stat folder{};
  if (::stat("/proc/self/fd", &folder) == 0 && folder.st_size > 0) {
    return static_cast<std::uint64_t>(folder.st_size);
  }
  std::uint64_t n = 0;
  std::error_code failed;
  auto at = std::filesystem::directory_iterator("/proc/self/fd", failed);
  for (; !failed && at != std::filesystem::directory_iterator(); at.increment(failed)) {
    ++n;
  }
  return n;
}

}  // namespace

process_facts process_facts::now() {
  process_facts out;
  out.resident_bytes = resident();
  out.open_fds = descriptors();
  rusage used{};
  if (::getrusage(RUSAGE_SELF, &used) == 0) {
    out.cpu_seconds = seconds(used.ru_utime) + seconds(used.ru_stime);
  }
  return out;
}

}  // namespace spawn
