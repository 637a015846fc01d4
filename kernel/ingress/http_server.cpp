#include "ingress/http_server.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include "base/log.hpp"
#include "ingress/session.hpp"
#include "lane/post.hpp"

namespace spawn {
namespace asio = boost::asio;
using tcp = asio::ip::tcp;
using local = asio::local::stream_protocol;

namespace {

result<tcp::endpoint> endpoint_of(const std::string& address, std::uint16_t port) {
  boost::system::error_code failed;
  const auto parsed =
      asio::ip::make_address(address == "localhost" ? "127.0.0.1" : address, failed);
  if (failed) {
    return fail(errc::invalid, "gateway.http.address \"" + address + "\" is not an IP address");
  }
  return tcp::endpoint(parsed, port);
}

tl::unexpected<error> listen_failed(const std::string& address, std::uint16_t port,
                                    const boost::system::error_code& why) {
  if (why == asio::error::address_in_use) {
    return fail(errc::unavailable, "port " + std::to_string(port) + " is in use");
  }
  return fail(errc::unavailable,
              "listening on " + address + ":" + std::to_string(port) + ": " + why.message());
}

constexpr std::uint64_t accept_pause_ms = 20;

}  // namespace

result<void> check_port_is_free(const std::string& address, std::uint16_t port) {
  SPAWN_TRY(const auto endpoint, endpoint_of(address, port));
  asio::io_context io;
  tcp::acceptor probe(io);
  boost::system::error_code failed;
  probe.open(endpoint.protocol(), failed);
  if (!failed) {
    probe.set_option(asio::socket_base::reuse_address(true), failed);
  }
  if (!failed) {
    probe.bind(endpoint, failed);
  }
  // Not listening: a client that came in now would be dropped with the probe.
  if (failed) {
    return listen_failed(address, port, failed);
  }
  return {};
}

tcp_listener::tcp_listener(gateway& g) : g_(g), acceptor_(g.home.io()) {
  pause_.owner = this;
  pause_.fire = [](timer& t) { static_cast<pause_timer&>(t).owner->accept(); };
}

result<void> tcp_listener::listen(const std::string& address, std::uint16_t port) {
  SPAWN_TRY(const auto endpoint, endpoint_of(address, port));
  using share_port = asio::detail::socket_option::boolean<SOL_SOCKET, SO_REUSEPORT>;
  boost::system::error_code failed;
  acceptor_.open(endpoint.protocol(), failed);
  if (!failed) {
    acceptor_.set_option(asio::socket_base::reuse_address(true), failed);
  }
  if (!failed) {
    acceptor_.set_option(share_port(true), failed);
  }
  if (!failed) {
    acceptor_.bind(endpoint, failed);
  }
  if (!failed) {
    acceptor_.listen(asio::socket_base::max_listen_connections, failed);
  }
  if (failed) {
    return listen_failed(address, port, failed);
  }
  accept();
  return {};
}

void tcp_listener::accept() {
  if (!acceptor_.is_open()) {
    return;
  }
  if (g_.connections >= g_.options.connections_max) {
    g_.home.arm_after_ms(pause_, accept_pause_ms);
    return;
  }
  acceptor_.async_accept([this](const boost::system::error_code& failed, tcp::socket connected) {
    g_.home.enter("accept");
    if (failed == asio::error::operation_aborted) {
      return;
    }
    if (failed) {
      // Out of descriptors, mostly: others may be closed soon.
      SPAWN_LOG(warn, "accepting a connection failed", {"why", failed.message()});
      g_.home.arm_after_ms(pause_, accept_pause_ms);
      return;
    }
    boost::system::error_code ignored;
    connected.set_option(tcp::no_delay(true), ignored);
    const auto peer = connected.remote_endpoint(ignored).address();
    std::make_shared<session>(g_, session::socket(std::move(connected)), peer.is_loopback(),
                              peer.to_string())
        ->start();
    accept();
  });
}

void tcp_listener::close() {
  boost::system::error_code ignored;
  acceptor_.close(ignored);
  pause_.unlink();
}

unix_listener::unix_listener(std::span<gateway* const> gateways)
    : gateways_(gateways.begin(), gateways.end()), acceptor_(gateways[0]->home.io()) {}

unix_listener::~unix_listener() {
  if (!path_.empty()) {
    ::unlink(path_.c_str());
  }
}

result<void> unix_listener::listen(const std::string& path) {
  boost::system::error_code failed;
  local::endpoint endpoint;
  try {
    endpoint = local::endpoint(path);
  } catch (const boost::system::system_error&) {
    return fail(errc::invalid, "gateway.uds.path \"" + path + "\" is too long for a socket");
  }
  {
    asio::io_context io;
    local::socket probe(io);
    probe.connect(endpoint, failed);
    if (!failed) {
      return fail(errc::unavailable, "Unix socket " + path + " is in use");
    }
  }
  ::unlink(path.c_str());
  acceptor_.open(endpoint.protocol(), failed);
  if (!failed) {
    acceptor_.bind(endpoint, failed);
  }
  if (!failed) {
    acceptor_.listen(asio::socket_base::max_listen_connections, failed);
  }
  if (failed) {
    return fail(errc::unavailable, "listening on Unix socket " + path + ": " + failed.message());
  }
  path_ = path;
  accept();
  return {};
}

void unix_listener::accept() {
  acceptor_.async_accept([this](const boost::system::error_code& failed, local::socket connected) {
    if (failed) {
      return;
    }
    gateway& to = *gateways_[next_++ % gateways_.size()];
    if (&to == gateways_[0]) {
      std::make_shared<session>(to, session::socket(std::move(connected)), true, "unix")->start();
    } else {
      const int fd = connected.release();
      post(to.home, [&to, fd] {
        session::socket moved(to.home.io(), boost::asio::generic::stream_protocol(AF_UNIX, 0), fd);
        std::make_shared<session>(to, std::move(moved), true, "unix")->start();
      });
    }
    accept();
  });
}

void unix_listener::close() {
  boost::system::error_code ignored;
  acceptor_.close(ignored);
}

}  // namespace spawn
