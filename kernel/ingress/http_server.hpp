// Listens: TCP on every lane, a Unix socket on one.
#pragma once
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <memory>
#include <span>
#include <string>

#include "base/result.hpp"
#include "ingress/gateway.hpp"

namespace spawn {

// One kernel per port (D8): binds once without sharing, so that a second kernel fails with a clear
// error. [control] before anything listens.
[[nodiscard]] result<void> check_port_is_free(const std::string& address, std::uint16_t port);

// Accepts on one lane; every lane has its own, on the same port. Stops accepting at the connection
// bound and goes on when there is room. Made before its lane starts. [lane]
class tcp_listener {
 public:
  explicit tcp_listener(gateway& g);
  [[nodiscard]] result<void> listen(const std::string& address, std::uint16_t port);
  void close();

 private:
  void accept();
  gateway& g_;
  boost::asio::ip::tcp::acceptor acceptor_;
  struct pause_timer : timer {
    tcp_listener* owner = nullptr;
  } pause_;
};

// Accepts on lane 0 and hands connections to all lanes in turn (D8). Removes a socket file that
// nobody listens on any more.
class unix_listener {
 public:
  explicit unix_listener(std::span<gateway* const> gateways);
  ~unix_listener();
  [[nodiscard]] result<void> listen(const std::string& path);
  void close();

 private:
  void accept();
  std::vector<gateway*> gateways_;
  boost::asio::local::stream_protocol::acceptor acceptor_;
  std::string path_;
  std::size_t next_ = 0;
};

}  // namespace spawn
