// The two-hop proxy that the sidecar is measured against.
#include <CLI/CLI.hpp>
#include <boost/asio/detail/socket_option.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/signal_set.hpp>
#include <charconv>
#include <cstdio>
#include <exception>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "floor_session.hpp"

namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using reuse_port = asio::detail::socket_option::boolean<SOL_SOCKET, SO_REUSEPORT>;

// One thread of the proxy: its own loop and its own listener on the shared port.
// Thread: run() on one; stop() on any.
class lane {
 public:
  lane(const tcp::endpoint& at, tcp::endpoint upstream)
      : io_(1), acceptor_(io_), upstream_(std::move(upstream)) {
    acceptor_.open(at.protocol());
    acceptor_.set_option(tcp::acceptor::reuse_address(true));
    acceptor_.set_option(reuse_port(true));
    acceptor_.bind(at);
    acceptor_.listen();
    accept();
  }

  void run() { io_.run(); }
  void stop() { io_.stop(); }
  [[nodiscard]] unsigned port() const { return acceptor_.local_endpoint().port(); }

 private:
  void accept() {
    acceptor_.async_accept([this](boost::system::error_code error, tcp::socket client) {
      if (!error) {
        spawn::bench::start_floor_session(std::move(client), upstream_);
      }
      accept();
    });
  }

  asio::io_context io_;
  tcp::acceptor acceptor_;
  tcp::endpoint upstream_;
};

tcp::endpoint parse_endpoint(const std::string& text) {
  const auto colon = text.rfind(':');
  boost::system::error_code error;
  const auto address = asio::ip::make_address(text.substr(0, colon), error);
  unsigned port = 0;
  const char* end = text.data() + text.size();
  if (error || colon == std::string::npos ||
      std::from_chars(text.data() + colon + 1, end, port).ptr != end || port == 0 || port > 65535) {
    throw std::invalid_argument("--upstream \"" + text +
                                "\": write address:port, for example 127.0.0.1:8090");
  }
  return {address, static_cast<std::uint16_t>(port)};
}

void serve(std::uint16_t port, const std::string& upstream, unsigned threads) {
  tcp::endpoint at(asio::ip::address_v4::loopback(), port);
  std::vector<std::unique_ptr<lane>> lanes;
  for (unsigned i = 0; i < threads; ++i) {
    lanes.push_back(std::make_unique<lane>(at, parse_endpoint(upstream)));
    at.port(static_cast<std::uint16_t>(lanes.front()->port()));  // port 0: all share the first's
  }
  std::vector<std::thread> workers;
  asio::io_context control;
  asio::signal_set ends(control, SIGINT, SIGTERM);
  for (const auto& each : lanes) {
    workers.emplace_back([&each] { each->run(); });
  }
  std::printf("floor on port %u\n", lanes.front()->port());
  std::fflush(stdout);
  ends.async_wait([&](auto, int) {
    for (const auto& each : lanes) {
      each->stop();
    }
  });
  control.run();
  for (auto& worker : workers) {
    worker.join();
  }
}

}  // namespace

int main(int argc, char** argv) {
  std::uint16_t port = 9100;
  std::string upstream = "127.0.0.1:8090";
  unsigned threads = std::max(1U, std::thread::hardware_concurrency());
  CLI::App flags{"The least a sidecar can cost: HTTP in, HTTP out"};
  flags.add_option("--port", port)->capture_default_str();
  flags.add_option("--upstream", upstream, "address:port of the host")->capture_default_str();
  flags.add_option("--threads", threads)->check(CLI::Range(1U, 64U))->capture_default_str();
  CLI11_PARSE(flags, argc, argv);
  try {
    serve(port, upstream, threads);
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "bench_floor: %s\n", error.what());
    return 1;
  }
}
