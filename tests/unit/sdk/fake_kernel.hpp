// A kernel that only listens: it keeps every request and answers what the test says. And a raw
// HTTP call, as the kernel would make it to a host.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace spawn::sdk::test {

struct seen_request {
  std::string target;
  std::string body;
  std::string spawn_host;  // the header
};

struct raw_answer {
  int status = 0;
  std::string body;
  friend bool operator==(const raw_answer&, const raw_answer&) = default;
};

// Life cycle: listens from construction to destruction. One request for each connection.
// Thread: the answer function runs on the kernel's own thread.
class fake_kernel {
 public:
  using answer_fn = std::function<raw_answer(const seen_request&)>;

  // Port 0 takes a free one. The default answers every registration with OK "Accepted".
  explicit fake_kernel(std::uint16_t port = 0, answer_fn answer = accept);
  ~fake_kernel();
  fake_kernel(const fake_kernel&) = delete;
  fake_kernel& operator=(const fake_kernel&) = delete;

  [[nodiscard]] std::uint16_t port() const { return port_; }
  // Waits until `count` requests have come; fewer when that takes more than 10 s.
  [[nodiscard]] std::vector<seen_request> wait_requests(std::size_t count);

  static raw_answer accept(const seen_request&);

 private:
  void run();

  boost::asio::io_context io_;
  boost::asio::ip::tcp::acceptor acceptor_;
  answer_fn answer_;
  std::uint16_t port_;
  bool ending_ = false;  // guarded by mutex_
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<seen_request> requests_;  // guarded by mutex_
  std::thread thread_;
};

// A keep-alive connection to a host.
class raw_connection {
 public:
  explicit raw_connection(std::uint16_t port);

  raw_answer post(std::string_view body, std::string_view target = "/api/v1/actors/actions");
  void send(std::string_view bytes);
  [[nodiscard]] raw_answer receive();
  // What comes until the peer closes.
  [[nodiscard]] std::string receive_all();
  // Exactly so many bytes.
  [[nodiscard]] std::string receive_bytes(std::size_t count);

 private:
  boost::asio::io_context io_;
  boost::asio::ip::tcp::socket socket_;
  std::string buffer_;
};

// A port that was free a moment ago.
[[nodiscard]] std::uint16_t free_port();
[[nodiscard]] std::string from_hex(std::string_view hex);
[[nodiscard]] std::string to_hex(std::string_view bytes);
[[nodiscard]] std::string http_post(std::string_view body, std::string_view extra_header = {});

}  // namespace spawn::sdk::test
