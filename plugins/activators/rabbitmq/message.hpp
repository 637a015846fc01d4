// A message of the broker: put together from its frames, then made a delivery.
#pragma once
#include <sys/time.h>

#include <amqp.h>
#include <amqp_framing.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "settings.hpp"
#include "spawn/plugin/cpp/activator.hpp"

namespace rabbitmq {

using header_list = std::vector<std::pair<std::string, std::string>>;

// With its own memory.
struct message {
  std::uint64_t tag = 0;  // of a deliver
  bool returned = false;  // a basic.return and no deliver
  bool redelivered = false;
  std::string exchange, routing_key, reply_text;
  std::string content_type, message_id, type;
  std::optional<std::uint64_t> delivery_count;  // x-delivery-count, of quorum queues
  header_list headers;                          // the publisher's own
  header_list facts;                            // rabbitmq-...
  std::string body;
};

// Puts the messages of one channel together. A broker sends them one after the other.
class assembler {
 public:
  // True when the frame was part of a message. Throws link_lost for parts in a wrong order.
  [[nodiscard]] bool take(const amqp_frame_t& frame);
  // The message whose last part take() has seen.
  [[nodiscard]] std::optional<message> whole();

 private:
  enum class step { idle, header, body, done };
  void begin(const amqp_method_t& method);
  void read(const amqp_basic_properties_t& properties);

  step step_ = step::idle;
  std::uint64_t body_bytes_ = 0;
  message now_;
};

// The queue is the source; token, and what the settings say of its keys.
[[nodiscard]] std::unique_ptr<spawn::plugin::delivery> as_delivery(message from,
                                                                   std::uint64_t token,
                                                                   const settings& how);

}  // namespace rabbitmq
