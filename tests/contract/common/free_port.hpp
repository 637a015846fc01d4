// A loopback port for a server that a test starts, as tests/ports.py gives them: below the range of
// outgoing connections, and held for this process by an abstract socket of the same name.
#pragma once
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdint>
#include <cstring>
#include <fstream>
#include <random>
#include <string>

#include "contract/common/check.hpp"

namespace contract {

namespace detail {

// The lock goes with the process: its socket stays open on purpose.
inline bool lock_port(std::uint16_t port) {
  const std::string name = "spawn-test-port-" + std::to_string(port);
  sockaddr_un at{};
  at.sun_family = AF_UNIX;
  std::memcpy(at.sun_path + 1, name.data(), name.size());
  const int lock = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
  if (lock >= 0 && ::bind(lock, reinterpret_cast<sockaddr*>(&at), size) == 0) {
    return true;
  }
  ::close(lock);
  return false;
}

inline bool port_is_free(std::uint16_t port) {
  const int probe = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int on = 1;
  (void)::setsockopt(probe, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_port = ::htons(port);
  at.sin_addr.s_addr = ::htonl(INADDR_LOOPBACK);
  const bool free =
      ::bind(probe, reinterpret_cast<sockaddr*>(&at), sizeof(at)) == 0 && ::listen(probe, 1) == 0;
  ::close(probe);
  return free;
}

}  // namespace detail

// Throws failed after many tries.
inline std::uint16_t free_port() {
  std::ifstream limits("/proc/sys/net/ipv4/ip_local_port_range");
  std::uint16_t highest = 32'768;
  limits >> highest;
  std::random_device random;
  std::uniform_int_distribution<unsigned> any(15'000, highest > 16'000u ? highest - 1u : 65'000u);
  for (int i = 0; i < 200; ++i) {
    const auto port = static_cast<std::uint16_t>(any(random));
    if (detail::lock_port(port) && detail::port_is_free(port)) {
      return port;
    }
  }
  throw failed{"no free loopback port found"};
}

}  // namespace contract
