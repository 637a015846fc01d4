// http_client: HTTP/1.1 requests over connections that are kept for the next one, with a deadline
// for each step. Life: of the instance, on its event loop. [loop]
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "event_loop.hpp"
#include "sigv4.hpp"

namespace sqs {

struct origin {
  bool secure = false;
  std::string host;  // a name or an address; IPv6 without brackets
  std::uint16_t port = 0;

  // As in a Host header: without the port where it is the usual one.
  [[nodiscard]] std::string authority() const;
  bool operator==(const origin&) const = default;
};

enum class tls_check { full, ca, none };
struct tls_settings {
  tls_check verify = tls_check::full;
  std::string ca, cert, key;  // files; may be empty
};

struct http_request {
  origin to;
  std::string method = "POST", target = "/";
  header_list headers;  // without Content-Length
  std::string body;
  std::uint32_t answer_ms = 10'000;  // from the first byte sent to the last one received
};

struct http_answer {
  enum class ending {
    answered,   // status, headers and body
    not_sent,   // the server has not seen it
    no_answer,  // it may have
  };
  ending how = ending::not_sent;
  int status = 0;
  header_list headers;  // names in lower case
  std::string body;
  std::string error;  // for people, unless answered

  [[nodiscard]] std::string_view header(std::string_view name) const;
};

// A request under way, as its sender sees it.
class http_call {
 public:
  // Gives it up: it ends soon, with not_sent or no_answer.
  void cancel();

 private:
  friend class http_client;
  bool cancelled_ = false;
  std::function<void()> close_;
};

using http_done = std::function<void(http_answer)>;

class http_client {
 public:
  // Throws std::runtime_error, which names the key, for certificates that can not be read.
  http_client(event_loop& loop, const tls_settings& tls, std::uint32_t connect_ms);
  http_client(const http_client&) = delete;
  http_client& operator=(const http_client&) = delete;
  ~http_client();

  // `done` is called once, later; not at all if the loop ends before.
  std::shared_ptr<http_call> send(http_request request, http_done done);

 private:
  struct connection;
  struct impl;
  std::shared_ptr<impl> impl_;
};

}  // namespace sqs
