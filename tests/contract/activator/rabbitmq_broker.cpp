#include "contract/activator/rabbitmq_broker.hpp"

#include <unistd.h>

#include <cstdlib>

#include "contract/activator/rabbitmq_client.hpp"
#include "contract/common/check.hpp"

namespace contract {

namespace {

constexpr std::size_t sink_bytes_max = 2u << 20;

std::string text_of(const char* variable) {
  const char* value = std::getenv(variable);
  return value == nullptr ? std::string() : value;
}

std::uint16_t port_of(const char* variable) {
  return static_cast<std::uint16_t>(std::strtoul(text_of(variable).c_str(), nullptr, 10));
}

}  // namespace

std::optional<rabbit_server> rabbit_server::from_environment() {
  rabbit_server out{text_of("SPAWN_TEST_RABBITMQ_USER"), text_of("SPAWN_TEST_RABBITMQ_PASSWORD"),
                    text_of("SPAWN_TEST_RABBITMQ_CA"), port_of("SPAWN_TEST_RABBITMQ_PORT"),
                    port_of("SPAWN_TEST_RABBITMQ_TLS_PORT")};
  return out.port == 0 ? std::nullopt : std::optional(std::move(out));
}

rabbit_broker::rabbit_broker(const rabbit_server& at)
    : at_(at),
      gate_(at.port),
      client_(std::make_unique<rabbit_client>(at.port, at.user, at.password)) {}

rabbit_broker::~rabbit_broker() = default;

broker_traits rabbit_broker::traits() const {
  return {};  // it can do all of it
}

std::string rabbit_broker::fresh_name(const std::string& kind) {
  return kind + "-" + std::to_string(::getpid()) + "-" + std::to_string(++made_);
}

std::string rabbit_broker::config_with(const std::string& more, std::uint16_t port) {
  return R"({"declare": {"dead_letter_exchange": "", "dead_letter_routing_key": ")" + dead_queue_ +
         R"("}, "heartbeat_s": 2, "host": "127.0.0.1", "order_by": "header:key", "password": ")" +
         at_.password + R"(", "port": )" + std::to_string(port != 0 ? port : gate_.port()) +
         R"(, "queue": ")" + queue_ +
         R"(", "reconnect_ms_max": 500, "sink": {"max_message_bytes": )" +
         std::to_string(sink_bytes_max) + R"(}, "username": ")" + at_.user + "\"" + more + "}";
}

std::string rabbit_broker::fresh_config() {
  queue_ = fresh_name("queue");
  dead_queue_ = queue_ + "-dead";
  dead_.clear();
  client_->declare_queue(dead_queue_);
  client_->declare_queue(queue_, {{"x-queue-type", "quorum"},
                                  {"x-dead-letter-exchange", ""},
                                  {"x-dead-letter-routing-key", dead_queue_}});
  return config_with("");
}

void rabbit_broker::publish(std::span<const letter> letters) {
  client_->publish("", queue_, letters);
}

std::optional<std::uint64_t> rabbit_broker::waiting() {
  return client_->ready(queue_);  // what a consumer has is not told
}

std::optional<std::vector<std::string>> rabbit_broker::dead_letters() {
  while (auto one = client_->get(dead_queue_)) {
    dead_.push_back(std::move(one->body));
  }
  return dead_;
}

bool rabbit_broker::go_away() {
  gate_.shut();
  return true;
}

void rabbit_broker::come_back() {
  gate_.open();
}

std::optional<std::string> rabbit_broker::config_of_nobody() {
  return config_with("", 1);
}

std::vector<bad_config> rabbit_broker::bad_configs() {
  return {
      {"{}", "queue is missing"},
      {R"({"sink": {}, "declare": {}})", "queue is missing"},
      {R"({"queue": "q", "url": "http://localhost"})", "url"},
      {R"({"queue": "q", "url": "amqp://u:p@localhost:99999/"})", "url"},
      {R"({"queue": "q", "port": 70000})", "port"},
      {R"({"queue": "q", "tls": {"cert": "/a.pem"}})", "tls.cert"},
      {R"({"queue": "q", "tls": {"verify": "maybe"}})", "tls.verify"},
      {R"({"queue": "q", "declare": {"type": "stream"}})", "declare.type"},
      {R"({"queue": "q", "declare": {"durable": false}})", "declare.durable"},
      {R"({"queue": "q", "declare": {"bindings": [{}]}})", "declare.bindings[0].exchange"},
      {R"({"queue": "q", "order_by": "header:"})", "order_by"},
      {R"({"queue": "q", "dedup_by": "queue"})", "dedup_by"},
      {R"({"queue": "q", "heartbeat_s": 0})", "heartbeat_s"},
  };
}

std::string rabbit_broker::fresh_destination() {
  const std::string queue = fresh_name("sink");
  client_->declare_queue(queue);
  return "/" + queue;  // of the default exchange
}

std::vector<letter> rabbit_broker::received(const std::string& destination, std::size_t n) {
  std::vector<letter>& all = received_[destination];
  const auto end = std::chrono::steady_clock::now() + patience();
  for (;;) {
    while (auto one = client_->get(destination.substr(1))) {
      all.push_back(std::move(*one));
    }
    if (all.size() >= n || std::chrono::steady_clock::now() > end) {
      return all;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
}

std::optional<std::string> rabbit_broker::missing_destination() {
  return "no-such-exchange";
}

std::size_t rabbit_broker::too_large() {
  return sink_bytes_max + 1;
}

}  // namespace contract
