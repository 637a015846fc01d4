// An HTTP client for tests, which says exactly what it is told and waits no longer than it is told.
#pragma once
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace contract {

struct http_reply {
  int status = 0;
  std::map<std::string, std::string> headers;  // names in lower case
  std::string body;
};

// One connection to 127.0.0.1. Thread: one at a time; `give_up` is asked while it waits.
class http_client {
 public:
  explicit http_client(std::function<bool()> give_up = [] { return false; })
      : give_up_(std::move(give_up)) {}
  http_client(const http_client&) = delete;
  http_client& operator=(const http_client&) = delete;
  ~http_client() { close(); }

  // False: nobody listens there.
  [[nodiscard]] bool connect(std::uint16_t port);
  void close();
  [[nodiscard]] bool send(std::string_view bytes);
  // The next reply; nothing when the connection ended first, or `limit` passed. `no_body`: to HEAD.
  [[nodiscard]] std::optional<http_reply> receive(std::chrono::milliseconds limit,
                                                  bool no_body = false);
  // True when the other side closes the connection within `limit`, without a word.
  [[nodiscard]] bool is_closed_within(std::chrono::milliseconds limit);

 private:
  // False: closed, or too late.
  bool read_more(std::chrono::steady_clock::time_point until);

  std::function<bool()> give_up_;
  int socket_ = -1;
  std::string in_;
};

// "POST /a HTTP/1.1" with Host, these header lines ("name: value\r\n" each) and Content-Length.
[[nodiscard]] std::string http_request_text(std::string_view method, std::string_view target,
                                            std::string_view header_lines, std::string_view body);

}  // namespace contract
