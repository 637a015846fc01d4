// What a consumer loop does with its messages: nothing, or by hand what the kernel does.
#pragma once
#include <memory>
#include <string>
#include <string_view>

namespace spawn::bench {

// Used by one thread; throws std::runtime_error.
class handler {
 public:
  handler() = default;
  handler(const handler&) = delete;
  handler& operator=(const handler&) = delete;
  virtual ~handler() = default;

  virtual void take(std::string_view id, std::string_view body) = 0;
  // Returns when what was taken may be acknowledged.
  virtual void finish() = 0;
};

[[nodiscard]] std::unique_ptr<handler> make_bare_handler();

// Calls the actor host at `host` (host:port) for each message, over 64 connections at once, and
// stores the states that came back and the ids in one transaction of a SQLite database.
[[nodiscard]] std::unique_ptr<handler> make_hand_written(const std::string& host,
                                                         const std::string& database);

}  // namespace spawn::bench
