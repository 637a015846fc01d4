// HTTP/1.1 messages with a Content-Length out of a byte stream, requests and answers alike.
#pragma once

#include <netinet/in.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace torture {

// Views live until the next receive().
struct http_message {
  std::string_view first_line;
  std::string_view head;  // first line and headers
  std::string_view body;
  [[nodiscard]] int status() const noexcept;
  // A header as a number, 0 when absent. The name is lower case with its colon.
  [[nodiscard]] std::size_t number(std::string_view name) const noexcept;
};

enum class io { more, closed };

class stream {
 public:
  // Reads what there is.
  [[nodiscard]] io receive(int fd);
  // The next complete message; false when more bytes are needed.
  [[nodiscard]] bool next(http_message& out);
  void clear() {
    in_.clear();
    used_ = 0;
  }

 private:
  std::string in_;
  std::size_t used_ = 0;
};

[[nodiscard]] sockaddr_in loopback(std::uint16_t port) noexcept;
// Connects, asks once, waits for the whole answer. False when there was none.
struct asked {
  bool answered = false;
  int status = 0;
  std::string body;
};
[[nodiscard]] asked ask_once(std::uint16_t port, std::string_view request);

}  // namespace torture
