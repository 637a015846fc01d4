// A small blocking HTTP/1.1 client with a pool, time limits and a way to be cancelled.
#pragma once

#include <chrono>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "spawn/sdk/types.hpp"

namespace spawn::sdk::detail {

struct http_answer {
  int status = 0;
  std::string body;
};

struct http_request {
  std::string_view target;
  std::string_view body;
  std::string extra_header;  // "name: value\r\n", or empty
};

// Thread: [any]; a call blocks its thread. Owns idle sockets; borrows `cancel_fd`.
// Limits: connections_kept idle sockets; an answer of answer_bytes_max.
class http_client {
 public:
  static constexpr std::size_t connections_kept = 64;
  static constexpr std::uint64_t answer_bytes_max = std::uint64_t{64} << 20;

  // A call ends early when `cancel_fd` becomes readable; -1: never.
  explicit http_client(kernel_address to, int cancel_fd = -1);
  ~http_client();
  http_client(const http_client&) = delete;
  http_client& operator=(const http_client&) = delete;

  // POSTs once. A failure is `not_sent` while no byte of the request was written, else `unknown`.
  [[nodiscard]] result<http_answer> post(const http_request& request,
                                         std::chrono::milliseconds at_most);
  [[nodiscard]] std::string place() const;

 private:
  using time_point = std::chrono::steady_clock::time_point;

  [[nodiscard]] result<int> connect(time_point deadline);
  [[nodiscard]] int take_idle();
  void keep(int fd);
  // 1 ready, 0 too late, -1 cancelled.
  [[nodiscard]] int wait(int fd, short events, time_point deadline) const;
  [[nodiscard]] failure lost(failure::kind what, std::string_view why) const;
  [[nodiscard]] result<void> write(int fd, std::string_view bytes, time_point deadline) const;
  [[nodiscard]] result<http_answer> read(int fd, time_point deadline, bool& reusable) const;

  kernel_address to_;
  int cancel_fd_;
  std::mutex mutex_;
  std::vector<int> idle_;
};

}  // namespace spawn::sdk::detail
