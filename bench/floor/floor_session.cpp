#include "floor_session.hpp"

#include <array>
#include <boost/asio/write.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <charconv>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace spawn::bench {

namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::ip::tcp;
using error_code = boost::system::error_code;

constexpr std::uint64_t body_bytes_max = std::uint64_t{8} << 20;

// A socket, what was read from it and not parsed, and the message under way. One write for each
// message: head and body stand in one string that is reused.
template <bool IsRequest>
struct side {
  explicit side(tcp::socket from) : socket(std::move(from)), bytes(8192) {}

  void expect_message() {
    parser.emplace();
    parser->eager(true);
    parser->body_limit(body_bytes_max);
  }
  // True when a whole message is there; `error` says why there will never be one.
  bool parse(error_code& error) {
    const auto used = parser->put(asio::const_buffer(bytes.data(), filled), error);
    std::memmove(bytes.data(), bytes.data() + used, filled - used);
    filled -= used;
    if (error == http::error::need_more) {
      error = {};
    }
    if (filled == bytes.size()) {
      bytes.resize(bytes.size() * 2);
    }
    return !error && parser->is_done();
  }
  asio::mutable_buffer room() { return {bytes.data() + filled, bytes.size() - filled}; }

  void format(std::string_view start, std::string_view body) {
    std::array<char, 24> digits;
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), body.size()).ptr;
    out.assign(start).append("content-type: application/octet-stream\r\ncontent-length: ");
    out.append(digits.data(), end).append("\r\n\r\n").append(body);
  }

  tcp::socket socket;
  std::vector<char> bytes;
  std::size_t filled = 0;
  std::optional<http::parser<IsRequest, http::string_body>> parser;
  std::string out;
};

class floor_session : public std::enable_shared_from_this<floor_session> {
 public:
  floor_session(tcp::socket client, const tcp::endpoint& upstream)
      : client_(std::move(client)),
        host_(tcp::socket(client_.socket.get_executor())),
        upstream_(upstream) {
    host_start_ = "POST /api/v1/actors/actions HTTP/1.1\r\nhost: floor\r\n";
  }

  void next_request() {
    client_.expect_message();
    if (client_.filled != 0) {
      request_bytes();
    } else {
      read_request();
    }
  }

 private:
  void read_request() {
    client_.socket.async_read_some(client_.room(),
                                   [self = shared_from_this()](error_code error, std::size_t n) {
                                     if (!error) {
                                       self->client_.filled += n;
                                       self->request_bytes();
                                     }
                                   });
  }

  void request_bytes() {
    error_code error;
    if (client_.parse(error)) {
      keep_alive_ = client_.parser->keep_alive();
      host_.format(host_start_, client_.parser->get().body());
      connect_host();
    } else if (!error) {
      read_request();
    }
  }

  void connect_host() {
    if (host_.socket.is_open()) {
      write_host();
      return;
    }
    host_.socket.async_connect(upstream_, [self = shared_from_this()](error_code error) {
      if (error) {
        self->give_up();
        return;
      }
      self->host_.socket.set_option(tcp::no_delay(true), error);
      self->write_host();
    });
  }

  void write_host() {
    asio::async_write(host_.socket, asio::buffer(host_.out),
                      [self = shared_from_this()](error_code error, std::size_t) {
                        if (error) {
                          self->give_up();
                          return;
                        }
                        self->host_.expect_message();
                        self->read_host();
                      });
  }

  void read_host() {
    host_.socket.async_read_some(host_.room(),
                                 [self = shared_from_this()](error_code error, std::size_t n) {
                                   self->host_.filled += n;
                                   if (!error && self->host_.parse(error)) {
                                     self->answer();
                                   } else if (error) {
                                     self->give_up();
                                   } else {
                                     self->read_host();
                                   }
                                 });
  }

  void answer() {
    const bool good = host_.parser->get().result() == http::status::ok;
    client_.format(good ? "HTTP/1.1 200 OK\r\n" : "HTTP/1.1 500 Internal Server Error\r\n",
                   host_.parser->get().body());
    if (!host_.parser->keep_alive()) {
      host_.socket.close();
      host_.filled = 0;
    }
    write_client();
  }

  void give_up() {
    error_code ignored;
    host_.socket.close(ignored);
    keep_alive_ = false;
    client_.format("HTTP/1.1 502 Bad Gateway\r\nconnection: close\r\n", {});
    write_client();
  }

  void write_client() {
    asio::async_write(client_.socket, asio::buffer(client_.out),
                      [self = shared_from_this()](error_code error, std::size_t) {
                        if (!error && self->keep_alive_) {
                          self->next_request();
                        }
                      });
  }

  side<true> client_;
  side<false> host_;
  tcp::endpoint upstream_;
  std::string host_start_;
  bool keep_alive_ = true;
};

}  // namespace

void start_floor_session(tcp::socket client, const tcp::endpoint& upstream) {
  error_code ignored;
  client.set_option(tcp::no_delay(true), ignored);
  std::make_shared<floor_session>(std::move(client), upstream)->next_request();
}

}  // namespace spawn::bench
