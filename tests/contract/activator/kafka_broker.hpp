// kafka_broker: the driver of the activator contract for Kafka. Instances reach the server through
// a gate, to which one of its listeners sends them; the test itself goes around it.
#pragma once
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "contract/activator/broker.hpp"
#include "contract/activator/kafka_cluster.hpp"
#include "contract/common/gate.hpp"

namespace contract {

// What tests/servers/kafka.py exports under this name; empty without it.
[[nodiscard]] std::string kafka_variable(const std::string& name);

class kafka_broker : public broker {
 public:
  kafka_broker() : cluster(kafka_variable("BROKERS")) {}

  kafka_cluster cluster;

  [[nodiscard]] broker_traits traits() const override;
  [[nodiscard]] std::chrono::milliseconds patience() const override;
  [[nodiscard]] std::chrono::milliseconds quiet() const override;
  std::string fresh_config() override;
  void publish(std::span<const letter> letters) override;
  [[nodiscard]] std::optional<std::uint64_t> waiting() override;
  [[nodiscard]] std::optional<std::vector<std::string>> dead_letters() override;
  bool go_away() override;
  void come_back() override;
  [[nodiscard]] std::optional<std::string> config_of_nobody() override;
  [[nodiscard]] std::vector<bad_config> bad_configs() override;

  std::string fresh_destination() override;
  std::vector<letter> received(const std::string& destination, std::size_t n) override;
  [[nodiscard]] std::optional<std::string> missing_destination() override;
  [[nodiscard]] std::size_t too_large() override { return 2'000'000; }

  // Of the last fresh_config().
  [[nodiscard]] const std::string& topic() const noexcept { return topic_; }
  [[nodiscard]] const std::string& dead_topic() const noexcept { return dead_; }

 private:
  [[nodiscard]] nlohmann::json config(const std::string& brokers) const;
  [[nodiscard]] std::string fresh_name(const std::string& kind);

  int made_ = 0;
  std::string topic_, dead_;
  std::unique_ptr<gate> gate_;  // made by the first fresh_config(): a killed client has none
};

}  // namespace contract
