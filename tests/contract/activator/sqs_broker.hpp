// sqs_broker: the driver of an SQS emulator. It speaks to the emulator itself; the plugin under
// test goes through a gate, which stands for the emulator's being away.
#pragma once
#include <chrono>
#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "contract/activator/broker.hpp"
#include "contract/common/gate.hpp"

namespace contract {

// Requests to an emulator, which takes any signature.
class sqs_service {
 public:
  explicit sqs_service(std::uint16_t port) : port_(port) {}
  // The answer's body. Throws failed unless the status is 200.
  nlohmann::json call(const std::string& action, const nlohmann::json& body) const;

 private:
  std::uint16_t port_;
};

// What an emulator can do. Times are long where it is slow.
struct sqs_pace {
  std::uint32_t receivers = 4;  // as in the plugin's config
  std::uint32_t visibility_seconds = 8;
  std::chrono::seconds patience{30};
};

class sqs_broker : public broker {
 public:
  // url: of the emulator, "http://127.0.0.1:PORT".
  sqs_broker(const std::string& url, bool fifo, const sqs_pace& pace);

  [[nodiscard]] broker_traits traits() const override;
  [[nodiscard]] std::chrono::milliseconds patience() const override { return pace_.patience; }
  std::string fresh_config() override;
  void publish(std::span<const letter> letters) override;
  [[nodiscard]] std::optional<std::uint64_t> waiting() override;
  [[nodiscard]] std::optional<std::vector<std::string>> dead_letters() override;
  bool go_away() override;
  void come_back() override { gate_.open(); }
  [[nodiscard]] std::optional<std::string> config_of_nobody() override;
  [[nodiscard]] std::vector<bad_config> bad_configs() override;
  std::string fresh_destination() override;
  std::vector<letter> received(const std::string& destination, std::size_t n) override;
  [[nodiscard]] std::optional<std::string> missing_destination() override;
  [[nodiscard]] std::size_t too_large() override { return 300u << 10; }

 private:
  std::string make_queue(const std::string& prefix);
  [[nodiscard]] std::string url_of(const std::string& queue) const;
  // Takes what is there away for good.
  std::vector<letter> take_all(const std::string& queue, std::uint32_t wait_seconds);
  [[nodiscard]] nlohmann::json config_on(const std::string& endpoint) const;

  std::uint16_t port_;
  sqs_service service_;
  gate gate_;
  bool fifo_;
  sqs_pace pace_;
  int made_ = 0, sent_ = 0;
  std::string queue_;
  std::vector<std::string> dead_;
  std::map<std::string, std::vector<letter>> arrived_;
};

}  // namespace contract
