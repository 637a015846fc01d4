#include "admin/admin_server.hpp"

#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <thread>
#include <utility>

#include "admin/metrics_text.hpp"
#include "admin/session.hpp"
#include "base/log.hpp"

namespace spawn {

namespace asio = boost::asio;
using tcp = asio::ip::tcp;
using local = asio::local::stream_protocol;

// Sessions outlive the event loop: suspended ones are destroyed with it.
struct admin_server::parts {
  explicit parts(const admin_context& kernel)
      : sessions{kernel, nullptr, {}},
        loop(std::make_unique<asio::io_context>()),
        unix_acceptor(*loop),
        tcp_acceptor(*loop) {
    sessions.loop = std::make_shared<admin_gate>(*loop);
  }

  admin_sessions sessions;
  std::unique_ptr<asio::io_context> loop;
  local::acceptor unix_acceptor;
  tcp::acceptor tcp_acceptor;
  std::string socket_path;
  std::thread thread;
};

namespace {

// Answers for sure: with the page, or on its way out when nobody is there to make one.
class metrics_scrape {
 public:
  explicit metrics_scrape(reply_slot& to) : to_(&to) {}
  metrics_scrape(metrics_scrape&& from) noexcept : to_(std::exchange(from.to_, nullptr)) {}
  metrics_scrape& operator=(metrics_scrape&&) = delete;
  ~metrics_scrape() {
    if (to_ != nullptr) {
      answer(outcome::failed(failure::unavailable, "the kernel is stopping"));
    }
  }
  void answer(outcome with) { std::exchange(to_, nullptr)->answer(std::move(with)); }

 private:
  reply_slot* to_;
};

constexpr auto accept_pause = std::chrono::milliseconds(20);
constexpr auto types_every = std::chrono::seconds(1);

tl::unexpected<error> cannot_listen(const std::string& where, const std::string& why) {
  return fail(errc::unavailable, "the admin API can not listen on " + where + ": " + why);
}

// A socket that a dead kernel left is taken away; anything else at that place is not ours.
result<void> clear_place(const local::endpoint& at, const std::string& path) {
  struct stat there{};
  if (::lstat(path.c_str(), &there) != 0) {
    return {};
  }
  if (!S_ISSOCK(there.st_mode)) {
    return cannot_listen(path, "there is a file that is not a socket");
  }
  asio::io_context io;
  local::socket probe(io);
  boost::system::error_code failed;
  probe.connect(at, failed);
  if (!failed) {
    return cannot_listen(path, "another kernel answers there");
  }
  ::unlink(path.c_str());
  return {};
}

result<void> listen_unix(local::acceptor& acceptor, const std::string& path) {
  local::endpoint at;
  try {
    at = local::endpoint(path);
  } catch (const boost::system::system_error&) {
    return cannot_listen(path, "the path is too long for a socket (admin.address)");
  }
  SPAWN_CHECK(clear_place(at, path));
  boost::system::error_code failed;
  acceptor.open(at.protocol(), failed);
  if (!failed) {
    acceptor.bind(at, failed);
  }
  // Nobody can connect before listen(), so there is no moment with another mode.
  if (!failed && ::chmod(path.c_str(), S_IRUSR | S_IWUSR) != 0) {
    failed.assign(errno, boost::system::system_category());
  }
  if (!failed) {
    acceptor.listen(asio::socket_base::max_listen_connections, failed);
  }
  if (failed) {
    return cannot_listen(path, failed.message());
  }
  return {};
}

result<void> listen_tcp(tcp::acceptor& acceptor, const std::string& address, std::uint16_t port) {
  const std::string where = address + ":" + std::to_string(port);
  boost::system::error_code failed;
  const auto ip = asio::ip::make_address(address == "localhost" ? "127.0.0.1" : address, failed);
  if (failed) {
    return cannot_listen(where, "admin.tcp.address is not an IP address");
  }
  const tcp::endpoint at(ip, port);
  acceptor.open(at.protocol(), failed);
  if (!failed) {
    acceptor.set_option(asio::socket_base::reuse_address(true), failed);
  }
  if (!failed) {
    acceptor.bind(at, failed);
  }
  if (!failed) {
    acceptor.listen(asio::socket_base::max_listen_connections, failed);
  }
  if (failed) {
    return cannot_listen(where, failed.message());
  }
  return {};
}

template <class Acceptor>
asio::awaitable<void> accept_on(Acceptor& acceptor, admin_sessions& all, bool needs_token) {
  const auto executor = co_await asio::this_coro::executor;
  asio::steady_timer pause(executor);
  while (acceptor.is_open()) {
    auto [failed, connected] = co_await acceptor.async_accept(asio::as_tuple(asio::use_awaitable));
    if (failed == asio::error::operation_aborted) {
      co_return;
    }
    if (failed || all.open >= admin_sessions::open_max) {
      // Out of descriptors, or enough connections: others may be closed soon.
      pause.expires_after(accept_pause);
      co_await pause.async_wait(asio::as_tuple(asio::use_awaitable));
      continue;
    }
    admin_socket peer(std::move(connected));
    asio::co_spawn(executor, serve_admin(all, std::move(peer), needs_token), asio::detached);
  }
}

// So that /metrics, which waits for no lane, is at most a second behind.
asio::awaitable<void> ask_types(admin_sessions& all) {
  asio::steady_timer timer(co_await asio::this_coro::executor);
  while (true) {
    type_directory::ask_all(all.kernel);
    timer.expires_after(types_every);
    co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
  }
}

void run_loop(asio::io_context& io) {
  while (true) {
    try {
      io.run();
      return;
    } catch (const std::exception& thrown) {
      // A session's fault ends that session; the others go on.
      SPAWN_LOG(error, "an admin request failed", {"why", thrown.what()});
    }
  }
}

}  // namespace

result<std::unique_ptr<admin_server>> admin_server::start(admin_context& kernel,
                                                          const std::string& socket_path,
                                                          const std::string& tcp_address,
                                                          std::uint16_t tcp_port,
                                                          const std::string& token) {
  if (tcp_port != 0 && token.empty()) {
    return fail(errc::invalid, "admin.tcp needs a token");
  }
  auto own = std::make_unique<parts>(kernel);
  own->sessions.token = token;
  SPAWN_CHECK(listen_unix(own->unix_acceptor, socket_path));
  own->socket_path = socket_path;
  if (tcp_port != 0) {
    if (auto listening = listen_tcp(own->tcp_acceptor, tcp_address, tcp_port); !listening) {
      ::unlink(socket_path.c_str());
      return fail(listening.error());
    }
  }
  parts& p = *own;
  asio::co_spawn(*p.loop, accept_on(p.unix_acceptor, p.sessions, false), asio::detached);
  if (tcp_port != 0) {
    asio::co_spawn(*p.loop, accept_on(p.tcp_acceptor, p.sessions, true), asio::detached);
  }
  asio::co_spawn(*p.loop, ask_types(p.sessions), asio::detached);
  p.thread = std::thread([loop = p.loop.get()] { run_loop(*loop); });
  ::pthread_setname_np(p.thread.native_handle(), "admin");
  return std::unique_ptr<admin_server>(new admin_server(std::move(own)));
}

admin_server::admin_server(std::unique_ptr<parts> own) : own_(std::move(own)) {}

std::function<void(reply_slot&)> admin_server::metrics_source() const {
  return [loop = own_->sessions.loop, kernel = &own_->sessions.kernel](reply_slot& to) {
    loop->post([kernel, scrape = metrics_scrape(to)]() mutable {
      scrape.answer(outcome::done({presence::value, render_metrics(*kernel)}));
    });
  };
}

admin_server::~admin_server() {
  own_->sessions.loop->close();
  own_->loop->stop();
  own_->thread.join();
  own_->sessions.kernel.helper->join();
  boost::system::error_code ignored;
  own_->unix_acceptor.close(ignored);
  own_->tcp_acceptor.close(ignored);
  ::unlink(own_->socket_path.c_str());
}

}  // namespace spawn
