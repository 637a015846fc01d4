// Which TCP connection of this process a driver has opened: ODBC does not say, and only who has the
// socket can end a call that waits for a server which no longer answers.
#pragma once
#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <set>
#include <utility>
#include <vector>

namespace mssql_store {

// A socket that is kept open beside the driver, so that its number can not become another's.
class held_socket {
 public:
  held_socket() = default;
  explicit held_socket(int fd) noexcept : fd_(fd) {}
  held_socket(held_socket&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  held_socket& operator=(held_socket&& other) noexcept {
    reset();
    fd_ = std::exchange(other.fd_, -1);
    return *this;
  }
  ~held_socket() { reset(); }

  [[nodiscard]] bool is_held() const noexcept { return fd_ >= 0; }
  void reset() noexcept;
  // Whoever waits on the connection hears that it has ended.
  void cut() const noexcept;
  // So far; 0 when the system does not say.
  [[nodiscard]] std::uint64_t bytes_received() const noexcept;

 private:
  int fd_ = -1;
};

using socket_names = std::set<ino_t>;

// The process's sockets as they are now.
[[nodiscard]] socket_names sockets_now();

// The TCP connections to `port` (0: any) that were not there `before`.
[[nodiscard]] std::vector<held_socket> connections_since(const socket_names& before,
                                                         std::uint32_t port);

// The one of them that hears something when `ask` asks its server; none when that can not be told.
[[nodiscard]] held_socket the_one_that_answers(std::vector<held_socket> candidates,
                                               const std::function<void()>& ask);

}  // namespace mssql_store
