#include "settings.hpp"

#include <gtest/gtest.h>

#include <map>
#include <nlohmann/json.hpp>

#include "spawn/plugin/testing/fake_host.hpp"

namespace {

using kafka_activator::settings;
using nlohmann::json;
using spawn::plugin::slice;

const json least = {{"brokers", "k:9092"}, {"topics", {"t"}}, {"group", "g"}};

settings read(const json& config, const std::map<std::string, std::string>& secrets = {}) {
  spawn::plugin::testing::fake_host host;
  const std::string text = config.dump();
  std::vector<spawn_kv> kv;
  for (const auto& [key, value] : secrets) {
    kv.push_back({slice(key), slice(value)});
  }
  return kafka_activator::read_settings(
      {spawn::plugin::host_ref(host.table()), "test", text, 1, kv});
}

std::string value_of(const kafka_activator::property_list& all, const std::string& name) {
  std::string out = "(not set)";
  for (const auto& [key, value] : all) {
    out = key == name ? value : out;
  }
  return out;
}

TEST(kafka_settings, the_least_is_safe) {
  const settings s = read(least);
  EXPECT_EQ(value_of(s.producer, "acks"), "all");
  EXPECT_EQ(value_of(s.producer, "enable.idempotence"), "true");
  EXPECT_EQ(value_of(s.consumer, "enable.auto.offset.store"), "false");
  EXPECT_EQ(value_of(s.consumer, "security.protocol"), "plaintext");
}

TEST(kafka_settings, tls_checks_everything_unless_told_otherwise) {
  json config = least;
  config["tls"] = json::object();
  settings s = read(config);
  EXPECT_EQ(value_of(s.producer, "security.protocol"), "ssl");
  EXPECT_EQ(value_of(s.producer, "enable.ssl.certificate.verification"), "true");
  EXPECT_EQ(value_of(s.producer, "ssl.endpoint.identification.algorithm"), "https");
  config["tls"]["verify"] = "ca";
  s = read(config);
  EXPECT_EQ(value_of(s.producer, "enable.ssl.certificate.verification"), "true");
  EXPECT_EQ(value_of(s.producer, "ssl.endpoint.identification.algorithm"), "none");
  config["tls"]["verify"] = "none";
  EXPECT_EQ(value_of(read(config).consumer, "enable.ssl.certificate.verification"), "false");
}

TEST(kafka_settings, a_secret_is_put_in_its_place) {
  json config = least;
  config["sasl"] = {{"username", "me"}, {"password", nullptr}};
  const settings s = read(config, {{"/sasl/password", "secret"}});
  EXPECT_EQ(value_of(s.consumer, "sasl.password"), "secret");
  EXPECT_EQ(value_of(s.consumer, "security.protocol"), "sasl_plaintext");
}

TEST(kafka_settings, properties_of_the_operator_reach_both_clients) {
  json config = least;
  config["properties"] = {{"socket.timeout.ms", 5'000}, {"compression.type", "lz4"}};
  const settings s = read(config);
  EXPECT_EQ(value_of(s.consumer, "socket.timeout.ms"), "5000");
  EXPECT_EQ(value_of(s.producer, "compression.type"), "lz4");
}

TEST(kafka_settings, what_the_guarantees_stand_on_can_not_be_set) {
  for (const char* name :
       {"enable.auto.commit", "enable.auto.offset.store", "acks", "enable.idempotence", "group.id",
        "plugin.library.paths", "partition.assignment.strategy", "sasl.password", "ssl.ca.location",
        "test.mock.num.brokers", "rebalance_cb"}) {
    json config = least;
    config["properties"] = {{name, "1"}};
    try {
      (void)read(config);
      ADD_FAILURE() << name << " was taken";
    } catch (const spawn::plugin::refused& no) {
      EXPECT_NE(std::string(no.what()).find(name), std::string::npos) << no.what();
    }
  }
}

}  // namespace
