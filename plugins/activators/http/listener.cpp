#include "listener.hpp"

#include <sys/socket.h>

#include <boost/asio/co_spawn.hpp>

namespace http_activator {

namespace asio = boost::asio;
using tcp = asio::ip::tcp;
using spawn::plugin::level;
using spawn::plugin::refused;

namespace {

constexpr auto accept_pause = std::chrono::milliseconds(50);

// Throws refused.
asio::ssl::context context_of(const tls_settings& with) {
  asio::ssl::context out(asio::ssl::context::tls_server);
  out.set_options(asio::ssl::context::default_workarounds | asio::ssl::context::no_sslv2 |
                  asio::ssl::context::no_sslv3 | asio::ssl::context::no_tlsv1 |
                  asio::ssl::context::no_tlsv1_1);
  const auto take = [](const char* key, const std::string& file, auto&& use) {
    boost::system::error_code failed;
    use(failed);
    if (failed) {
      throw refused(SPAWN_E_INVALID,
                    std::string("config: ") + key + ": " + file + ": " + failed.message());
    }
  };
  take("tls.cert", with.cert, [&](auto& e) { out.use_certificate_chain_file(with.cert, e); });
  take("tls.key", with.key,
       [&](auto& e) { out.use_private_key_file(with.key, asio::ssl::context::pem, e); });
  if (!with.ca.empty()) {
    take("tls.ca", with.ca, [&](auto& e) { out.load_verify_file(with.ca, e); });
    out.set_verify_mode(asio::ssl::verify_peer | asio::ssl::verify_fail_if_no_peer_cert);
  }
  return out;
}

}  // namespace

listener::listener(asio::io_context& io, const settings& with, spawn::plugin::host_ref host,
                   service& to)
    : io_(io), with_(with), host_(host), to_(to), acceptor_(io), again_(io) {
  if (with.tls) {
    tls_.emplace(context_of(*with.tls));
  }
}

void listener::open() {
  wanted_ = true;
  if (!acceptor_.is_open() && listen()) {
    accept();
  }
}

bool listener::listen() {
  const tcp::endpoint at(asio::ip::make_address(with_.address), with_.port);
  using share_port = asio::detail::socket_option::boolean<SOL_SOCKET, SO_REUSEPORT>;
  boost::system::error_code failed, ignored;
  acceptor_.open(at.protocol(), failed);
  if (!failed) {
    acceptor_.set_option(asio::socket_base::reuse_address(true), failed);
  }
  if (!failed && with_.reuse_port) {
    acceptor_.set_option(share_port(true), failed);
  }
  if (!failed) {
    acceptor_.bind(at, failed);
  }
  if (!failed) {
    acceptor_.listen(asio::socket_base::max_listen_connections, failed);
  }
  const std::string where = with_.address + ":" + std::to_string(with_.port);
  if (failed) {
    acceptor_.close(ignored);
    const std::string why = "listening on " + where + ": " + failed.message();
    if (std::exchange(last_why_, why) != why) {
      host_.log(level::warn, "can not listen, trying again", spawn::plugin::field{"why", why});
      host_.health(false, why);
    }
    accept_later(std::chrono::milliseconds(backoff_.next()));
    return false;
  }
  backoff_.reset();
  last_why_.clear();
  host_.log(level::info, "listening", spawn::plugin::field{"address", with_.address},
            spawn::plugin::field{"port", std::to_string(acceptor_.local_endpoint(ignored).port())});
  host_.health(true, {});
  return true;
}

void listener::accept_later(std::chrono::milliseconds in) {
  again_.expires_after(in);
  again_.async_wait([this](const boost::system::error_code& stopped) {
    if (!stopped && wanted_ && (acceptor_.is_open() || listen())) {
      accept();
    }
  });
}

void listener::accept() {
  full_ = connections_.size() >= with_.connections_max;
  if (full_ || !acceptor_.is_open()) {
    return;
  }
  acceptor_.async_accept([this](const boost::system::error_code& failed, tcp::socket socket) {
    if (failed == asio::error::operation_aborted || !wanted_) {
      return;
    }
    if (failed) {  // out of descriptors, mostly: others may be closed soon
      host_.log(level::warn, "accepting a connection failed",
                spawn::plugin::field{"why", failed.message()});
      accept_later(accept_pause);
      return;
    }
    welcome(std::move(socket));
    accept();
  });
}

void listener::welcome(tcp::socket socket) {
  auto one = std::make_shared<connection>(to_, std::move(socket), tls_ ? &*tls_ : nullptr);
  connections_.insert(one.get());
  asio::co_spawn(io_, one->run(), [this, one](const std::exception_ptr& thrown) {
    connections_.erase(one.get());
    if (thrown) {
      host_.log(level::error, "a connection ended by an exception");
    }
    if (full_ && wanted_) {
      accept();
    }
  });
}

void listener::close() {
  wanted_ = false;
  boost::system::error_code ignored;
  acceptor_.close(ignored);
  again_.cancel();
  for (connection* one : std::set(connections_)) {
    one->finish();
  }
}

void listener::cut() {
  close();
  for (connection* one : std::set(connections_)) {
    one->cut();
  }
}

}  // namespace http_activator
