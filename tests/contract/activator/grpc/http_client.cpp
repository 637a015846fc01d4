#include "contract/activator/grpc/http_client.hpp"

#include <sys/socket.h>
#include <sys/time.h>

#include <array>
#include <charconv>

#include "contract/common/check.hpp"

namespace grpc_test {

using contract::require;

http_client::http_client(std::uint16_t port, const std::string& authorities) {
  const std::string where = "127.0.0.1:" + std::to_string(port);
  if (authorities.empty()) {
    to_.reset(BIO_new_connect(where.c_str()));
  } else {
    tls_.reset(SSL_CTX_new(TLS_client_method()));
    require(SSL_CTX_load_verify_file(tls_.get(), authorities.c_str()) == 1, "authorities");
    SSL_CTX_set_verify(tls_.get(), SSL_VERIFY_PEER, nullptr);
    to_.reset(BIO_new_ssl_connect(tls_.get()));
    BIO_set_conn_hostname(to_.get(), where.c_str());
  }
  require(BIO_do_connect(to_.get()) == 1, "can not connect to " + where);
  int fd = -1;
  BIO_get_fd(to_.get(), &fd);
  const timeval limit{30, 0};
  (void)::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
  (void)::setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
}

http_answer http_client::ask(const std::string& verb, const std::string& target,
                             const std::string& body, const std::string& head) {
  return ask_raw(verb + " " + target + " HTTP/1.1\r\nHost: test\r\n" + head +
                 "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
}

http_answer http_client::ask_raw(const std::string& bytes) {
  require(BIO_write(to_.get(), bytes.data(), static_cast<int>(bytes.size())) ==
              static_cast<int>(bytes.size()),
          "can not write the request");
  const auto more = [this] {
    std::array<char, 8'192> piece{};
    const int n = BIO_read(to_.get(), piece.data(), static_cast<int>(piece.size()));
    require(n > 0, "the connection ended before its answer");
    left_.append(piece.data(), static_cast<std::size_t>(n));
  };
  std::size_t end = 0;
  while ((end = left_.find("\r\n\r\n")) == std::string::npos) {
    more();
  }
  http_answer out;
  out.head = left_.substr(0, end);
  left_.erase(0, end + 4);
  (void)std::from_chars(out.head.data() + 9, out.head.data() + 12, out.status);
  const auto at = out.head.find("Content-Length: ");
  require(at != std::string::npos, "an answer without Content-Length: " + out.head);
  std::size_t length = 0;
  (void)std::from_chars(out.head.data() + at + 16, out.head.data() + out.head.size(), length);
  while (left_.size() < length) {
    more();
  }
  out.body = left_.substr(0, length);
  left_.erase(0, length);
  return out;
}

}  // namespace grpc_test
