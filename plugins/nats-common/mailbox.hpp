// What the threads of the client library tell the session thread: messages, the end of a
// connection, problems. Bounded; what comes past the bound is dropped and counted.
#pragma once
#include <cstdint>
#include <mutex>
#include <string>
#include <vector>

#include "nats-common/message.hpp"

namespace nats_common {

inline constexpr std::size_t mailbox_messages_max = 65'536;
inline constexpr std::size_t mailbox_bytes_max = 256u << 20;
inline constexpr std::size_t mailbox_problems_max = 16;

struct received {
  std::uint64_t subscription;
  message_ptr message;
};

// Shared by a session and the callbacks of its connections, which may come late.
class mailbox {
 public:
  struct contents {
    std::vector<received> messages;
    std::vector<std::string> problems;  // what the server complains of, for the log
    std::uint64_t closed = 0;           // number of the newest connection that has ended
    std::uint64_t dropped = 0;          // messages since the last take()
  };

  mailbox();
  mailbox(const mailbox&) = delete;
  mailbox& operator=(const mailbox&) = delete;
  ~mailbox();

  // [any]
  void put(std::uint64_t subscription, message_ptr message);
  void closed(std::uint64_t connection);
  void problem(std::string text);
  void wake() noexcept;

  // [session thread]
  [[nodiscard]] int fd() const noexcept { return wake_; }
  [[nodiscard]] contents take();

 private:
  const int wake_;
  std::mutex mutex_;
  contents now_;
  std::size_t bytes_ = 0;
};

}  // namespace nats_common
