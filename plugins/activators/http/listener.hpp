// The listening socket and the connections that came in by it.
#pragma once
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "connection.hpp"
#include "service.hpp"
#include "session-common/backoff.hpp"

namespace http_activator {

// Life: as long as the instance; open() and close() may alternate. While the address can not be
// listened on it tries again, and says so as health. [session]
class listener {
 public:
  // Throws refused if the files of `tls` are no good. [control]
  listener(boost::asio::io_context& io, const settings& with, spawn::plugin::host_ref host,
           service& to);
  listener(const listener&) = delete;
  listener& operator=(const listener&) = delete;

  // After the first try to listen, whatever came of it, it goes on by itself.
  void open();
  // No new connections; those that are busy end with their answer, all others now.
  void close();
  // All connections end now.
  void cut();
  [[nodiscard]] bool is_idle() const noexcept { return connections_.empty(); }

 private:
  [[nodiscard]] bool listen();
  void accept();
  void accept_later(std::chrono::milliseconds in);
  void welcome(boost::asio::ip::tcp::socket socket);

  boost::asio::io_context& io_;
  const settings& with_;
  const spawn::plugin::host_ref host_;
  service& to_;
  std::optional<boost::asio::ssl::context> tls_;
  boost::asio::ip::tcp::acceptor acceptor_;
  boost::asio::steady_timer again_;
  spawn::plugin::backoff backoff_{50, 5'000};
  std::string last_why_;  // why it does not listen, said once
  bool wanted_ = false;
  bool full_ = false;  // connections_max: accepting goes on when one ends
  std::set<connection*> connections_;
};

}  // namespace http_activator
