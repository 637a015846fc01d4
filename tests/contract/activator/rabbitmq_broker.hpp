// The other side of the RabbitMQ activator under test: a client of the broker that run_with.py has
// started. The plugin reaches the broker through a gate; this client does not.
#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "contract/activator/broker.hpp"
#include "contract/common/gate.hpp"

namespace contract {

// Where the broker is, from the environment.
struct rabbit_server {
  std::string user, password, ca;
  std::uint16_t port = 0, tls_port = 0;

  // Nothing when the program does not run beside a broker.
  [[nodiscard]] static std::optional<rabbit_server> from_environment();
};

class rabbit_client;

class rabbit_broker : public broker {
 public:
  explicit rabbit_broker(const rabbit_server& at);
  ~rabbit_broker() override;

  std::string fresh_config() override;
  void publish(std::span<const letter> letters) override;
  std::optional<std::uint64_t> waiting() override;
  std::optional<std::vector<std::string>> dead_letters() override;
  bool go_away() override;
  void come_back() override;
  [[nodiscard]] std::optional<std::string> config_of_nobody() override;
  [[nodiscard]] std::vector<bad_config> bad_configs() override;
  std::string fresh_destination() override;
  std::vector<letter> received(const std::string& destination, std::size_t n) override;
  [[nodiscard]] std::optional<std::string> missing_destination() override;
  [[nodiscard]] std::size_t too_large() override;
  [[nodiscard]] broker_traits traits() const override;

  // --- for the plugin's own checks ---
  // Of the queue of the last fresh_config(); `more` are further members of the config, with a comma
  // in front of each.
  [[nodiscard]] std::string config_with(const std::string& more, std::uint16_t port = 0);
  [[nodiscard]] const rabbit_server& server() const noexcept { return at_; }
  [[nodiscard]] const std::string& queue() const noexcept { return queue_; }
  [[nodiscard]] gate& between() noexcept { return gate_; }
  [[nodiscard]] rabbit_client& client() noexcept { return *client_; }
  // A name nobody has used.
  [[nodiscard]] std::string fresh_name(const std::string& kind);

 private:
  const rabbit_server at_;
  gate gate_;
  std::unique_ptr<rabbit_client> client_;
  int made_ = 0;
  std::string queue_, dead_queue_;
  std::vector<std::string> dead_;
  std::map<std::string, std::vector<letter>> received_;  // by destination
};

}  // namespace contract
