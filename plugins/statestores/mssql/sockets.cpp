#include "sockets.hpp"

#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <charconv>
#include <cstring>
#include <memory>
#include <string_view>

namespace mssql_store {

namespace {

// Others of the process may hear something at the same moment, not each time.
constexpr int questions_max = 8;

// Calls what(fd) with each descriptor of the process.
template <class What>
void each_descriptor(const What& what) {
  const std::unique_ptr<DIR, int (*)(DIR*)> all(::opendir("/proc/self/fd"), &::closedir);
  while (const dirent* entry = all == nullptr ? nullptr : ::readdir(all.get())) {
    const std::string_view name(entry->d_name);
    int fd = -1;
    const auto [end, failed] = std::from_chars(name.data(), name.data() + name.size(), fd);
    if (failed == std::errc() && end == name.data() + name.size()) {
      what(fd);
    }
  }
}

// 0: no socket.
ino_t name_of(int fd) noexcept {
  struct stat at{};
  return ::fstat(fd, &at) == 0 && S_ISSOCK(at.st_mode) ? at.st_ino : 0;
}

bool is_tcp_to(int fd, std::uint32_t port) noexcept {
  int type = 0;
  socklen_t size = sizeof(type);
  sockaddr_storage peer{};
  socklen_t peer_size = sizeof(peer);
  if (::getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) != 0 || type != SOCK_STREAM ||
      ::getpeername(fd, reinterpret_cast<sockaddr*>(&peer), &peer_size) != 0) {
    return false;
  }
  std::uint32_t other = 0;
  if (peer.ss_family == AF_INET) {
    other = ntohs(reinterpret_cast<const sockaddr_in*>(&peer)->sin_port);
  } else if (peer.ss_family == AF_INET6) {
    other = ntohs(reinterpret_cast<const sockaddr_in6*>(&peer)->sin6_port);
  } else {
    return false;
  }
  return port == 0 || port == other;
}

}  // namespace

void held_socket::reset() noexcept {
  if (fd_ >= 0) {
    ::close(std::exchange(fd_, -1));
  }
}

void held_socket::cut() const noexcept {
  if (fd_ >= 0) {
    ::shutdown(fd_, SHUT_RDWR);
  }
}

std::uint64_t held_socket::bytes_received() const noexcept {
  tcp_info info{};
  socklen_t size = sizeof(info);
  return ::getsockopt(fd_, IPPROTO_TCP, TCP_INFO, &info, &size) == 0 ? info.tcpi_bytes_received : 0;
}

socket_names sockets_now() {
  socket_names out;
  each_descriptor([&](int fd) {
    if (const ino_t name = name_of(fd); name != 0) {
      out.insert(name);
    }
  });
  return out;
}

std::vector<held_socket> connections_since(const socket_names& before, std::uint32_t port) {
  std::vector<held_socket> out;
  socket_names seen;
  each_descriptor([&](int fd) {
    if (!is_tcp_to(fd, port)) {
      return;
    }
    // Looked at through a descriptor that nobody else closes.
    const int own = ::fcntl(fd, F_DUPFD_CLOEXEC, 3);
    held_socket held(own);
    const ino_t name = own < 0 ? 0 : name_of(own);
    if (name != 0 && !before.contains(name) && is_tcp_to(own, port) && seen.insert(name).second) {
      out.push_back(std::move(held));
    }
  });
  return out;
}

held_socket the_one_that_answers(std::vector<held_socket> candidates,
                                 const std::function<void()>& ask) {
  for (int i = 0; i < questions_max && candidates.size() > 1; ++i) {
    std::vector<std::uint64_t> before;
    for (const held_socket& c : candidates) {
      before.push_back(c.bytes_received());
    }
    ask();
    std::vector<held_socket> left;
    for (std::size_t k = 0; k < candidates.size(); ++k) {
      if (candidates[k].bytes_received() != before[k]) {
        left.push_back(std::move(candidates[k]));
      }
    }
    candidates = std::move(left);
  }
  return candidates.size() == 1 ? std::move(candidates.front()) : held_socket();
}

}  // namespace mssql_store
