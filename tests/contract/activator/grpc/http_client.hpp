// A small HTTP/1.1 client over one connection, in clear or under TLS.
#pragma once
#include <openssl/bio.h>
#include <openssl/ssl.h>

#include <cstdint>
#include <memory>
#include <string>

namespace grpc_test {

struct http_answer {
  int status = 0;
  std::string head, body;
};

// Thread: the test's. Each read or write ends after 30 s. Throws failed when the connection does.
class http_client {
 public:
  // With a file of authorities: TLS.
  explicit http_client(std::uint16_t port, const std::string& authorities = {});
  http_client(const http_client&) = delete;
  http_client& operator=(const http_client&) = delete;

  http_answer get(const std::string& target) { return ask("GET", target, "", ""); }
  http_answer post(const std::string& target, const std::string& body) {
    return ask("POST", target, body, "Content-Type: application/json\r\n");
  }
  // `head`: lines of the header, each with its end.
  http_answer ask(const std::string& verb, const std::string& target, const std::string& body,
                  const std::string& head);
  // Only the bytes, and what comes back.
  http_answer ask_raw(const std::string& bytes);

 private:
  std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> tls_{nullptr, &SSL_CTX_free};
  std::unique_ptr<BIO, decltype(&BIO_free_all)> to_{nullptr, &BIO_free_all};
  std::string left_;  // read ahead
};

}  // namespace grpc_test
