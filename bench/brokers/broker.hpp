// A broker as a program sees it that was written for nothing else: the other side of the comparison
// with an activator. Each is one file, over the client library that the activator uses.
#pragma once
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "handler.hpp"

namespace spawn::bench {

struct letter {
  std::string id;   // for brokers that give none of their own
  std::string key;  // whose order is kept, for brokers that have keys: one for each actor
  std::string body;
};

// When the first message came and when the last one was acknowledged, with the CPU time between.
class stopwatch {
 public:
  void first();  // later calls change nothing
  void last();
  [[nodiscard]] double seconds() const noexcept { return end_.wall - begin_.wall; }
  [[nodiscard]] double cpu_seconds() const noexcept { return end_.cpu - begin_.cpu; }

 private:
  struct moment {
    double wall = 0;
    double cpu = 0;  // of this process
  };
  static moment now();
  moment begin_, end_;
  bool running_ = false;
};

// Used by one thread. Everything throws std::runtime_error, and waits `patience` at most.
class broker {
 public:
  broker() = default;
  broker(const broker&) = delete;
  broker& operator=(const broker&) = delete;
  virtual ~broker() = default;

  // The queue, topic, stream or subscription, as an activator would find it.
  virtual void make(const std::string& queue) = 0;
  // Returns when the broker has confirmed all.
  virtual void publish(const std::string& queue, std::span<const letter> letters) = 0;
  // Takes so many messages to `work`, and acknowledges what it has finished as the activator does.
  // No more than `window` are unacknowledged, where the broker knows such a bound.
  virtual void consume(const std::string& queue, std::uint64_t messages, std::uint32_t window,
                       handler& work, stopwatch& watch) = 0;
};

inline constexpr int patience_s = 60;

// `at`: amqp://user:password@host:port/
[[nodiscard]] std::unique_ptr<broker> make_rabbitmq(const std::string& at);
// `at`: host:port
[[nodiscard]] std::unique_ptr<broker> make_kafka(const std::string& at);
// `at`: nats://host:port
[[nodiscard]] std::unique_ptr<broker> make_nats(const std::string& at);
// `at`: http://host:port
[[nodiscard]] std::unique_ptr<broker> make_sqs(const std::string& at);
// `at`: host:port/project
[[nodiscard]] std::unique_ptr<broker> make_pubsub(const std::string& at);

}  // namespace spawn::bench
