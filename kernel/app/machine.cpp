#include "app/machine.hpp"

#include <netdb.h>
#include <sched.h>
#include <sys/random.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <memory>

namespace spawn {
namespace {

// "max 100000" or "150000 100000" of cgroup v2; -1 and a period in two files of v1. 0: no quota.
std::uint32_t quota_cpus() {
  double quota = 0;
  double period = 0;
  if (std::ifstream v2("/sys/fs/cgroup/cpu.max"); v2) {
    std::string first;
    v2 >> first >> period;
    quota = first == "max" ? 0 : std::atof(first.c_str());
  } else {
    std::ifstream("/sys/fs/cgroup/cpu/cpu.cfs_quota_us") >> quota;
    std::ifstream("/sys/fs/cgroup/cpu/cpu.cfs_period_us") >> period;
  }
  if (quota <= 0 || period <= 0) {
    return 0;
  }
  return static_cast<std::uint32_t>((quota + period - 1) / period);
}

}  // namespace

std::uint32_t usable_cpus() {
  cpu_set_t cpus;
  CPU_ZERO(&cpus);
  std::uint32_t count = 1;
  if (::sched_getaffinity(0, sizeof cpus, &cpus) == 0) {
    count = static_cast<std::uint32_t>(CPU_COUNT(&cpus));
  }
  if (const auto quota = quota_cpus(); quota > 0) {
    count = std::min(count, quota);
  }
  return std::max(count, 1u);
}

result<std::string> resolve_address(const std::string& name) {
  if (name.empty() || name == "0.0.0.0" || name == "localhost") {
    return std::string("127.0.0.1");
  }
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (const int failed = ::getaddrinfo(name.c_str(), nullptr, &hints, &found); failed != 0) {
    return fail(errc::invalid, "host address \"" + name + "\": " + ::gai_strerror(failed));
  }
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owned(found, &::freeaddrinfo);
  char text[NI_MAXHOST];
  if (::getnameinfo(found->ai_addr, found->ai_addrlen, text, sizeof text, nullptr, 0,
                    NI_NUMERICHOST) != 0) {
    return fail(errc::invalid, "host address \"" + name + "\" has no numeric form");
  }
  return std::string(text);
}

std::uint64_t random_bits() {
  std::uint64_t out = 0;
  while (::getrandom(&out, sizeof out, 0) != sizeof out) {
  }
  return out;
}

}  // namespace spawn
