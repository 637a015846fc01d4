#include "contract/activator/kafka_broker.hpp"

#include <unistd.h>

#include <cstdlib>

#include "contract/activator/bench.hpp"

namespace contract {

using nlohmann::json;
using std::chrono::milliseconds;

namespace {

std::uint16_t port_of(const std::string& address) {
  return static_cast<std::uint16_t>(std::stoi(address.substr(address.rfind(':') + 1)));
}

constexpr const char* nobody = "127.0.0.1:1";

}  // namespace

std::string kafka_variable(const std::string& name) {
  const char* value = std::getenv(("SPAWN_TEST_KAFKA_" + name).c_str());
  return value == nullptr ? std::string() : std::string(value);
}

broker_traits kafka_broker::traits() const {
  broker_traits out;
  out.forgets = false;
  out.body_bytes_max = out.sink_bytes_max = 900'000;
  return out;
}

milliseconds kafka_broker::patience() const {
  return milliseconds(60'000);
}
milliseconds kafka_broker::quiet() const {
  return milliseconds(700);
}

std::string kafka_broker::fresh_config() {
  if (gate_ == nullptr) {
    gate_ = std::make_unique<gate>(port_of(kafka_variable("GATED")),
                                   port_of(kafka_variable("GATE_PORT")));
  }
  gate_->open();
  topic_ = fresh_name("in");
  dead_ = topic_ + "-dead";
  cluster.make_topic(topic_, 3);
  cluster.make_topic(dead_, 1);
  return config("127.0.0.1:" + std::to_string(gate_->port())).dump();
}

json kafka_broker::config(const std::string& brokers) const {
  return {{"brokers", brokers},    {"topics", json::array({topic_})},
          {"group", topic_},       {"dead_letter_topic", dead_},
          {"session_ms", 6'000},   {"commit_ms", 100},
          {"revoke_wait_ms", 500}, {"linger_ms", 0}};
}

std::string kafka_broker::fresh_name(const std::string& kind) {
  return kind + "-" + std::to_string(::getpid()) + "-" + std::to_string(++made_);
}

void kafka_broker::publish(std::span<const letter> letters) {
  cluster.publish(topic_, letters);
}

std::optional<std::uint64_t> kafka_broker::waiting() {
  return cluster.uncommitted(topic_, topic_);
}

std::optional<std::vector<std::string>> kafka_broker::dead_letters() {
  return bodies(cluster.read(dead_, 0, patience()));
}

bool kafka_broker::go_away() {
  gate_->shut();
  return true;
}

void kafka_broker::come_back() {
  gate_->open();
}

std::optional<std::string> kafka_broker::config_of_nobody() {
  topic_ = dead_ = "nobody";
  return config(nobody).dump();
}

std::vector<bad_config> kafka_broker::bad_configs() {
  topic_ = dead_ = "bad";
  std::vector<bad_config> out;
  const auto bad = [&](const char* names, const json& change) {
    json all = config(nobody);
    all.merge_patch(change);
    out.push_back({all.dump(), names});
  };
  bad("brokers", {{"brokers", nullptr}});
  bad("topics", {{"topics", json::array()}});
  bad("group", {{"group", ""}});
  bad("order", {{"order", "none"}});
  bad("from", {{"from", "yesterday"}});
  bad("tls.verify", {{"tls", {{"verify", "some"}}}});
  bad("tls.key", {{"tls", {{"cert", "client.pem"}}}});
  bad("sasl.password", {{"sasl", {{"username", "me"}}}});
  bad("sasl.mechanism",
      {{"sasl", {{"mechanism", "GSSAPI"}, {"username", "me"}, {"password", "x"}}}});
  bad("properties.enable.auto.commit", {{"properties", {{"enable.auto.commit", true}}}});
  bad("no.such.property", {{"properties", {{"no.such.property", 1}}}});
  bad("fetch.wait.max.ms", {{"properties", {{"fetch.wait.max.ms", -7}}}});
  return out;
}

std::string kafka_broker::fresh_destination() {
  const std::string out = fresh_name("out");
  cluster.make_topic(out, 1);
  return out;
}

std::vector<letter> kafka_broker::received(const std::string& destination, std::size_t n) {
  return cluster.read(destination, n, patience());
}

std::optional<std::string> kafka_broker::missing_destination() {
  return fresh_name("missing");
}

}  // namespace contract
