// Loopback ports for plugins under test that listen themselves.
#pragma once
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <fstream>
#include <random>
#include <stdexcept>

namespace contract {

// A port of 127.0.0.1 on which somebody listens, below the range of outgoing connections: no other
// connection of this machine sits on it by chance.
class occupied_loopback_port {
 public:
  occupied_loopback_port() {
    constexpr std::uint32_t lowest = 15'000;
    constexpr int tries = 200;
    std::uint32_t highest = 32'768;
    std::ifstream("/proc/sys/net/ipv4/ip_local_port_range") >> highest;
    std::random_device random;
    for (int i = 0; i < tries; ++i) {
      number_ = static_cast<std::uint16_t>(
          std::uniform_int_distribution(lowest, std::max(highest, lowest + 1'000) - 1)(random));
      if (listens_on(number_)) {
        return;
      }
    }
    throw std::runtime_error("no free loopback port");
  }
  occupied_loopback_port(const occupied_loopback_port&) = delete;
  occupied_loopback_port& operator=(const occupied_loopback_port&) = delete;
  ~occupied_loopback_port() { ::close(socket_); }

  [[nodiscard]] std::uint16_t number() const noexcept { return number_; }

 private:
  bool listens_on(std::uint16_t port) {
    socket_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_port = htons(port);
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::bind(socket_, reinterpret_cast<const sockaddr*>(&at), sizeof(at)) == 0 &&
        ::listen(socket_, 1) == 0) {
      return true;
    }
    ::close(socket_);
    return false;
  }

  int socket_ = -1;
  std::uint16_t number_ = 0;
};

// A port that was free a moment ago.
inline std::uint16_t free_loopback_port() {
  return occupied_loopback_port().number();
}

}  // namespace contract
