#include "connection.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <optional>

#include "http_bridge.hpp"

namespace http_activator {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;

namespace {

constexpr std::size_t read_chunk = 4 << 10;
constexpr std::size_t buffer_beyond_header = 64 << 10;
constexpr auto linger_time = std::chrono::seconds(2);
constexpr std::uint64_t linger_bytes_max = 1 << 20;
constexpr auto completed = asio::as_tuple(asio::use_awaitable);

// A part of the bytes that all bodies under way may have, until the body is somebody else's.
class charge {
 public:
  charge(service& to, std::uint64_t bytes) : to_(to), bytes_(to.take_bytes(bytes) ? bytes : 0) {
    taken_ = bytes_ == bytes;
  }
  charge(const charge&) = delete;
  charge& operator=(const charge&) = delete;
  ~charge() { give_back(); }
  [[nodiscard]] bool is_taken() const noexcept { return taken_; }
  void give_back() noexcept { to_.give_bytes(std::exchange(bytes_, 0)); }

 private:
  service& to_;
  std::uint64_t bytes_;
  bool taken_ = false;
};

}  // namespace

connection::connection(service& to, asio::ip::tcp::socket socket, asio::ssl::context* tls)
    : to_(to), tls_(tls), stream_(std::move(socket)) {
  boost::system::error_code ignored;
  remote_ = stream_.socket().remote_endpoint(ignored).address().to_string();
  stream_.socket().set_option(asio::ip::tcp::no_delay(true), ignored);
}

void connection::finish() {
  finishing_ = true;
  if (!busy_) {
    cut();
  }
}

void connection::cut() {
  finishing_ = true;
  stream_.close();
}

asio::awaitable<void> connection::run() {
  if (tls_ == nullptr) {
    co_await serve(stream_);
    co_return;
  }
  asio::ssl::stream<beast::tcp_stream&> secure(stream_, *tls_);
  stream_.expires_after(to_.with().read);
  const auto [failed] = co_await secure.async_handshake(asio::ssl::stream_base::server, completed);
  if (!failed && !finishing_) {
    client_ = client_name_of(secure.native_handle());
    co_await serve(secure);
    stream_.expires_after(linger_time);
    (void)co_await secure.async_shutdown(completed);
  }
  stream_.close();
}

template <class Stream>
asio::awaitable<void> connection::serve(Stream& stream) {
  beast::flat_buffer buffer(to_.with().header_bytes_max + buffer_beyond_header);
  while (!finishing_ && co_await wait_for_one(stream, buffer)) {
    busy_ = true;
    const bool again = co_await serve_one(stream, buffer);
    busy_ = false;
    if (!again) {
      break;
    }
  }
}

template <class Stream, class Buffer>
asio::awaitable<bool> connection::wait_for_one(Stream& stream, Buffer& buffer) {
  if (buffer.size() == 0) {
    stream_.expires_after(to_.with().idle);
    const auto [failed, bytes] =
        co_await stream.async_read_some(buffer.prepare(read_chunk), completed);
    if (failed) {
      co_return false;
    }
    buffer.commit(bytes);
  }
  co_return true;
}

template <class Stream, class Buffer>
asio::awaitable<bool> connection::serve_one(Stream& stream, Buffer& buffer) {
  http::request_parser<http::string_body> parser;
  parser.header_limit(to_.with().header_bytes_max);
  parser.body_limit(to_.with().body_bytes_max);
  stream_.expires_after(to_.with().read);
  const auto [failed, ignored] =
      co_await http::async_read_header(stream, buffer, parser, completed);
  if (failed) {
    if (auto said = answer_to_unreadable(failed, to_.with())) {
      (void)co_await write(stream, std::move(*said), false, false);
      co_await linger(stream);
    }
    co_return false;
  }
  auto head = head_of(parser.get(), remote_, client_);
  if (!head) {
    (void)co_await write(stream, std::move(head.wrong()), false, false);
    co_await linger(stream);
    co_return false;
  }
  const bool is_head = head->method == "HEAD";
  const auto target = parser.get().target();
  auto taken = to_.admit(*head, {target.data(), target.size()});
  const bool has_body = !parser.is_done();
  charge body(to_, !has_body ? 0 : parser.content_length().value_or(to_.with().body_bytes_max));
  std::optional<answer> early;
  if (!taken) {
    early = std::move(taken.wrong());
  } else if (!body.is_taken()) {
    early = problem(503, "too many bodies are being read", 1);
  } else if (has_body && expects_continue(parser.get())) {
    static constexpr std::string_view go_on = "HTTP/1.1 100 Continue\r\n\r\n";
    (void)co_await asio::async_write(stream, asio::buffer(go_on), completed);
  }
  if (early) {
    const bool again =
        co_await write(stream, std::move(*early), is_head, !has_body && parser.get().keep_alive());
    if (has_body) {
      co_await linger(stream);
    }
    co_return again;
  }
  if (has_body) {
    const auto [broken, more] = co_await http::async_read(stream, buffer, parser, completed);
    if (broken) {
      if (auto said = answer_to_unreadable(broken, to_.with())) {
        (void)co_await write(stream, std::move(*said), is_head, false);
        co_await linger(stream);
      }
      co_return false;
    }
  }
  const bool keep_alive = parser.get().keep_alive();
  head->body = std::move(parser.get().body());
  body.give_back();
  stream_.expires_never();
  answer out = co_await to_.serve(**taken, std::move(*head));
  co_return co_await write(stream, std::move(out), is_head, keep_alive);
}

template <class Stream>
asio::awaitable<bool> connection::write(Stream& stream, answer what, bool is_head,
                                        bool keep_alive) {
  keep_alive = keep_alive && !finishing_ && !what.close;
  auto response = response_of(std::move(what), to_.date(), is_head, keep_alive);
  stream_.expires_after(to_.with().write);
  const auto [failed, bytes] = co_await http::async_write(stream, response, completed);
  co_return !failed && keep_alive;
}

// Closing at once would make the client's kernel throw away the answer it has not read yet.
template <class Stream>
asio::awaitable<void> connection::linger(Stream& stream) {
  boost::system::error_code ignored;
  if constexpr (std::is_same_v<Stream, beast::tcp_stream>) {
    stream.socket().shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
  }
  stream_.expires_after(linger_time);
  std::vector<char> waste(read_chunk);
  for (std::uint64_t all = 0; all < linger_bytes_max;) {
    const auto [failed, bytes] = co_await stream.async_read_some(asio::buffer(waste), completed);
    if (failed) {
      break;
    }
    all += bytes;
  }
}

}  // namespace http_activator
