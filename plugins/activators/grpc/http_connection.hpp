// One HTTP connection: reads a request, asks the actor, writes the answer, reads the next.
#pragma once
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "actor_calls.hpp"
#include "transcoder.hpp"

namespace grpc_source {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;

// Counts itself while it is there.
class counted {
 public:
  explicit counted(std::function<void()> gone) : gone_(std::move(gone)) {}
  counted(const counted&) = delete;
  counted& operator=(const counted&) = delete;
  ~counted() { gone_(); }

 private:
  std::function<void()> gone_;
};

// The request's headers and facts.
[[nodiscard]] std::unique_ptr<spawn::plugin::delivery> delivery_of(
    const http::request<http::string_body>& from, const std::string& peer);
// True if HTTP can carry it, and it is not what the connection says itself.
[[nodiscard]] bool is_header(std::string_view key, std::string_view value);
// False: the body is said to be something else than JSON.
[[nodiscard]] bool is_json(const http::request<http::string_body>& from);

// Stream: beast::tcp_stream, or that under TLS. Life: kept by its own operations. Thread: that of
// the listener; answered() is called on a lane.
template <class Stream>
class http_connection final : public caller,
                              public std::enable_shared_from_this<http_connection<Stream>> {
 public:
  http_connection(Stream stream, const service_context& context, const transcoder& json,
                  std::function<void()> gone)
      : count_(std::move(gone)),
        stream_(std::move(stream)),
        timer_(stream_.get_executor()),
        context_(context),
        json_(json) {}

  void begin() {
    boost::system::error_code ignored;
    const auto at = beast::get_lowest_layer(stream_).socket().remote_endpoint(ignored);
    peer_ = at.address().to_string(ignored) + ":" + std::to_string(at.port());
    expire_after(context_.config.http->idle_ms);
    if constexpr (encrypted) {
      stream_.async_handshake(asio::ssl::stream_base::server,
                              [self = self()](boost::system::error_code failed) {
                                if (!failed) {
                                  self->read();
                                }
                              });
    } else {
      read();
    }
  }

  void answered(std::uint64_t ticket, answer&& a) override {
    asio::post(stream_.get_executor(), [self = self(), ticket, a = std::move(a)]() mutable {
      if (ticket == self->ticket_) {
        self->finish(std::move(a));
      }
    });
  }

 private:
  static constexpr bool encrypted = !std::is_same_v<Stream, beast::tcp_stream>;
  static constexpr std::size_t head_bytes_max = 32 * 1'024;
  static constexpr std::size_t discarded_at_once = 16 * 1'024;
  static constexpr int linger_ms = 1'000;

  std::shared_ptr<http_connection> self() { return this->shared_from_this(); }

  void expire_after(std::uint32_t ms) {
    beast::get_lowest_layer(stream_).expires_after(std::chrono::milliseconds(ms));
  }

  void read() {
    parser_.emplace();
    parser_->header_limit(head_bytes_max);
    parser_->body_limit(context_.config.max_message_bytes);
    expire_after(context_.config.http->idle_ms);
    http::async_read(
        stream_, buffer_, *parser_,
        [self = self()](boost::system::error_code failed, std::size_t) { self->received(failed); });
  }

  void received(boost::system::error_code failed) {
    if (failed == http::error::body_limit || failed == http::error::header_limit) {
      keep_alive_ = false;
      return write_error({code::resource_exhausted, "the request is too long"});
    }
    if (failed) {
      return shut();
    }
    keep_alive_ = parser_->get().keep_alive();
    beast::get_lowest_layer(stream_).expires_never();
    contained([this] { ask(); });
  }

  void ask() {
    const auto& request = parser_->get();
    if (!is_json(request)) {
      return write_error({code::invalid_argument, "the content type is not application/json"});
    }
    std::string message;
    const http_request from{request.method_string(), request.target(), request.body()};
    if (status s = json_.read(from, what_, message); !s.ok()) {
      return write_error(s);
    }
    const method& m = *what_->what;
    if (m.is_health) {
      return finish({{}, health_reply(m, context_.host.unix_ms()), {}});
    }
    auto d = delivery_of(request, peer_);
    const std::uint32_t limit_ms = context_.config.http->timeout_ms;
    d->deadline_ns = context_.host.now_ns() + std::uint64_t{limit_ms} * 1'000'000;
    const std::uint64_t ticket = ++ticket_;
    if (status s = context_.requests.ask(m, std::move(message), std::move(d), self(), ticket);
        !s.ok()) {
      return write_error(s);
    }
    timer_.expires_after(std::chrono::milliseconds(limit_ms));
    timer_.async_wait([self = self(), ticket](boost::system::error_code stopped) {
      if (!stopped && ticket == self->ticket_) {
        self->finish({{code::deadline_exceeded, "the actor did not answer in time"}, {}, {}});
      }
    });
  }

  void finish(answer&& a) {
    ++ticket_;  // what else comes for this request is too late
    timer_.cancel();
    contained([&] {
      std::string body;
      status s = std::move(a.how);
      if (s.ok()) {
        s = transcoder::write(*what_, a.value, body);
      }
      s.ok() ? write(200, std::move(body), a.headers) : write_error(s);
    });
  }

  // A request that makes something throw costs its client an error, and nobody else anything.
  template <class F>
  void contained(F&& f) {
    try {
      std::forward<F>(f)();
    } catch (const std::exception& e) {
      context_.host.log(spawn::plugin::level::error, "a request made something throw",
                        spawn::plugin::field("what", e.what()));
      write_error({code::internal, "the request can not be served"});
    }
  }

  void write_error(const status& s) {
    write(http_status_of(s.what), transcoder::error_body(s), {});
  }

  void write(unsigned result, std::string body, const header_list& headers) {
    answer_ = {};
    answer_.result(result);
    answer_.version(11);
    for (const auto& [key, value] : headers) {
      if (is_header(key, value)) {
        answer_.set(key, value);
      }
    }
    answer_.set(http::field::content_type, "application/json");
    answer_.body() = std::move(body);
    answer_.keep_alive(keep_alive_);
    answer_.prepare_payload();
    expire_after(context_.config.http->idle_ms);
    http::async_write(stream_, answer_,
                      [self = self()](boost::system::error_code failed, std::size_t) {
                        failed || !self->keep_alive_ ? self->shut() : self->read();
                      });
  }

  // Reads on a moment: closing with bytes unread would take the answer from the client.
  void shut() {
    auto& lowest = beast::get_lowest_layer(stream_);
    boost::system::error_code ignored;
    lowest.socket().shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
    lowest.expires_after(std::chrono::milliseconds(linger_ms));
    discard();
  }

  void discard() {
    buffer_.clear();
    beast::get_lowest_layer(stream_).async_read_some(
        buffer_.prepare(discarded_at_once),
        [self = self()](boost::system::error_code failed, std::size_t) {
          if (!failed) {
            self->discard();
          }
        });
  }

  counted count_;
  Stream stream_;
  asio::steady_timer timer_;
  const service_context& context_;
  const transcoder& json_;
  std::string peer_;
  beast::flat_buffer buffer_;
  std::optional<http::request_parser<http::string_body>> parser_;
  http::response<http::string_body> answer_;
  const http_binding* what_ = nullptr;
  std::uint64_t ticket_ = 0;  // of the request that waits
  bool keep_alive_ = false;
};

}  // namespace grpc_source
