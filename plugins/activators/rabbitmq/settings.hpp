// What an instance's config says, checked.
#pragma once
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "spawn/plugin/cpp/plugin.hpp"

namespace rabbitmq {

enum class checking { full, authority, none };  // of the server's certificate

struct tls_settings {
  bool on = false;
  std::string ca, cert, key;  // files; empty: the system's authorities, no certificate of ours
  checking verify = checking::full;
};

struct binding {
  std::string exchange, routing_key;
  nlohmann::json arguments;  // object or null
};

// How the queue is made if it is not there. With made == false it has to be there.
struct queue_declaration {
  bool made = false;
  bool quorum = true;
  bool durable = true;
  std::string dead_letter_exchange, dead_letter_routing_key;
  bool dead_letters = false;  // dead_letter_exchange was given; "" names the default exchange
  nlohmann::json arguments;   // object or null
  std::vector<binding> bindings;
};

// Which part of a message gives its order key or its dedup id.
struct message_part {
  enum class from { nothing, queue, message_id, routing_key, header };
  from source = from::nothing;
  std::string header;
};

struct sink_settings {
  bool given = false;  // there is a sink block
  bool has_exchange = false;
  std::string exchange, routing_key;
  bool mandatory = true;
  bool persistent = true;
  std::uint64_t message_bytes_max = 134'217'728;
};

struct settings {
  std::string host = "localhost";
  std::uint16_t port = 5672;
  std::string username = "guest", password = "guest", vhost = "/";
  tls_settings tls;
  std::string queue;  // empty: this instance only publishes
  queue_declaration declare;
  bool dead_letters = false;  // what is rejected goes somewhere
  std::int32_t consumer_priority = 0;
  bool exclusive = false;
  message_part dedup_by{message_part::from::message_id, {}};
  message_part order_by;
  std::string content_type;
  std::uint16_t heartbeat_s = 10;
  std::uint32_t connect_ms = 3'000;
  std::uint32_t reconnect_ms_max = 15'000;
  sink_settings sink;

  // host:port, for people.
  [[nodiscard]] std::string where() const { return host + ":" + std::to_string(port); }
};

// Throws refused, which names the key. Blocks on nothing. [control]
[[nodiscard]] settings parse(const spawn::plugin::create_args& args);

}  // namespace rabbitmq
