#include "http_server.hpp"

#include <pthread.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <cctype>
#include <list>
#include <thread>

#include "http_connection.hpp"
#include "tls.hpp"

namespace grpc_source {

using asio::ip::tcp;

namespace {

std::string lower(std::string_view from) {
  std::string out(from);
  std::ranges::transform(out, out.begin(), [](unsigned char c) { return std::tolower(c); });
  return out;
}

// Of the connection, or said elsewhere in a delivery or an answer.
bool of_the_connection(std::string_view name) {
  static constexpr std::array names{
      "connection",      "keep-alive", "transfer-encoding", "upgrade",      "te",
      "trailer",         "host",       "content-length",    "content-type", "accept",
      "accept-encoding", "expect"};
  return std::ranges::find(names, name) != names.end() || name.starts_with("proxy-") ||
         name.starts_with("grpc-");
}

}  // namespace

std::unique_ptr<spawn::plugin::delivery> delivery_of(const http::request<http::string_body>& from,
                                                     const std::string& peer) {
  auto out = std::make_unique<spawn::plugin::delivery>();
  for (const auto& field : from) {
    if (auto name = lower(field.name_string()); !of_the_connection(name)) {
      out->headers.emplace_back(std::move(name), std::string(field.value()));
    }
  }
  out->headers.emplace_back("grpc-http-method", std::string(from.method_string()));
  out->headers.emplace_back("grpc-http-target", std::string(from.target()));
  out->headers.emplace_back("grpc-peer", peer);
  return out;
}

bool is_header(std::string_view key, std::string_view value) {
  const auto token = [](unsigned char c) { return std::isalnum(c) != 0 || c == '-' || c == '_'; };
  const auto visible = [](unsigned char c) { return c >= ' ' && c != 127; };
  return !key.empty() && std::ranges::all_of(key, token) && std::ranges::all_of(value, visible) &&
         !of_the_connection(lower(key));
}

bool is_json(const http::request<http::string_body>& from) {
  const auto type = lower(from[http::field::content_type]);
  return from.body().empty() || type.empty() || type.starts_with("application/json");
}

// Accepts while there is room; owns the loop.
class http_server::listener {
 public:
  listener(const service_context& context, const http_rule_table& rules)
      : context_(context), json_(rules) {
    const settings& config = context.config;
    if (config.tls) {
      tls_.emplace(tls_of(*config.tls));
    }
    const tcp::endpoint at(asio::ip::make_address(config.address), config.http->port);
    acceptor_.open(at.protocol());
    acceptor_.set_option(asio::socket_base::reuse_address(true));
    acceptor_.bind(at);
    acceptor_.listen();
    accept();
    thread_ = std::thread([this] {
      ::pthread_setname_np(::pthread_self(), "sp.grpc-http");
      spawn::plugin::guarded(context_.host, [this] { loop_.run(); });
    });
  }
  listener(const listener&) = delete;
  listener& operator=(const listener&) = delete;
  ~listener() {
    closing_ = true;
    loop_.stop();
    thread_.join();
  }

 private:
  void accept() {
    acceptor_.async_accept([this](boost::system::error_code failed, tcp::socket socket) {
      if (failed == asio::error::operation_aborted) {
        return;
      }
      if (failed) {  // out of descriptors, mostly: not at once again
        retry_.expires_after(std::chrono::milliseconds(100));
        return retry_.async_wait([this](boost::system::error_code stopped) {
          if (!stopped) {
            accept();
          }
        });
      }
      ++open_;
      serve(std::move(socket));
      if (open_ < context_.config.http->max_connections) {
        accept();
      } else {
        full_ = true;
      }
    });
  }

  void serve(tcp::socket socket) {
    // The last to let go of a connection may be the lane that answered it.
    const auto gone = [this] {
      if (!closing_) {
        asio::post(loop_, [this] {
          --open_;
          if (std::exchange(full_, false)) {
            accept();
          }
        });
      }
    };
    beast::tcp_stream plain(std::move(socket));
    if (tls_) {
      std::make_shared<http_connection<beast::ssl_stream<beast::tcp_stream>>>(
          beast::ssl_stream<beast::tcp_stream>(std::move(plain), *tls_), context_, json_, gone)
          ->begin();
    } else {
      std::make_shared<http_connection<beast::tcp_stream>>(std::move(plain), context_, json_, gone)
          ->begin();
    }
  }

  const service_context& context_;
  const transcoder json_;
  std::optional<asio::ssl::context> tls_;
  std::uint32_t open_ = 0;            // connections
  bool full_ = false;                 // nobody accepts until one is gone
  std::atomic<bool> closing_{false};  // the loop, and with it the connections, goes last
  asio::io_context loop_{1};
  // Full, and a lane the last to hold a connection: the loop has nothing to do and is not over.
  const asio::executor_work_guard<asio::io_context::executor_type> more_to_come_{
      loop_.get_executor()};
  tcp::acceptor acceptor_{loop_};
  asio::steady_timer retry_{loop_};
  std::thread thread_;
};

http_server::http_server(const service_context& context, const http_rule_table& rules)
    : context_(context), rules_(rules) {}

http_server::~http_server() {
  close();
}

bool http_server::open() {
  try {
    running_ = std::make_unique<listener>(context_, rules_);
    return true;
  } catch (const boost::system::system_error&) {
    return false;
  }
}

void http_server::close() {
  running_.reset();
}

}  // namespace grpc_source
