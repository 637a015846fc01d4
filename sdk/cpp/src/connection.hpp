// One connection of the host's server.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "http_server.hpp"

namespace spawn::sdk::detail {

// Life cycle: a slot that opens and closes many times; `generation` tells the lives apart.
// Thread: claim() and release() on any worker, the rest only by the worker that claimed it.
// Owns its socket.
class connection {
 public:
  explicit connection(std::uint32_t slot);
  ~connection();
  connection(const connection&) = delete;
  connection& operator=(const connection&) = delete;

  // Returns the token that epoll carries for this life.
  [[nodiscard]] std::uint64_t open(int fd);
  // Forgets everything; events of this life that are still under way find another generation.
  void close();

  // False when the event belongs to a former life, or another worker is at it; that worker then
  // looks again before it lets go.
  [[nodiscard]] bool claim(std::uint32_t generation);
  // False when an event came meanwhile: the worker goes on.
  [[nodiscard]] bool release();

  // Reads, serves and writes until the socket has nothing more. False: close it. A short read says
  // that it is empty, except when the peer has hung up or an event was missed: `until_empty`.
  [[nodiscard]] bool serve(unsigned worker, request_sink& sink, std::size_t body_max,
                           bool until_empty, std::string& out);

  [[nodiscard]] std::uint32_t slot() const { return slot_; }
  [[nodiscard]] int fd() const { return fd_; }
  static std::uint32_t slot_of(std::uint64_t token) { return static_cast<std::uint32_t>(token); }
  static std::uint32_t generation_of(std::uint64_t token) {
    return static_cast<std::uint32_t>(token >> 32);
  }

 private:
  struct reader;

  enum class outcome { more, closed };
  [[nodiscard]] outcome parse(unsigned worker, request_sink& sink, std::string& out);
  [[nodiscard]] bool answer(unsigned worker, request_sink& sink, std::string& out);
  [[nodiscard]] bool send(std::string_view bytes);
  [[nodiscard]] bool flush();

  const std::uint32_t slot_;
  std::atomic<std::uint64_t> state_{0};  // generation << 2 | missed << 1 | busy
  int fd_ = -1;
  std::unique_ptr<reader> reader_;
  std::string unsent_;  // what the socket did not take
  std::size_t sent_ = 0;
  bool last_ = false;  // closes when all is sent
};

}  // namespace spawn::sdk::detail
