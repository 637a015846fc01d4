// command_broker: the source of an activator under test, behind a command that the author of the
// plugin wrote. One JSON object a line goes to its standard input, one comes back from its standard
// output; docs/plugin-check.md describes them. Every answer is waited for, but not for ever.
// Life: the command runs from the constructor to the destructor. Thread: the test's.
#pragma once
#include <nlohmann/json.hpp>
#include <string>

#include "contract/activator/broker.hpp"

namespace spawn::check {

class command_broker : public ::contract::broker {
 public:
  // Runs the command with /bin/sh. Throws contract::failed when it does not answer.
  command_broker(const std::string& command, std::chrono::milliseconds patience);
  ~command_broker() override;

  [[nodiscard]] ::contract::broker_traits traits() const override { return traits_; }
  [[nodiscard]] std::chrono::milliseconds patience() const override { return patience_; }
  [[nodiscard]] std::chrono::milliseconds quiet() const override { return quiet_; }
  void pass(std::chrono::milliseconds time) override;
  std::string fresh_config() override;
  void publish(std::span<const ::contract::letter> letters) override;
  [[nodiscard]] std::optional<std::uint64_t> waiting() override;
  [[nodiscard]] std::optional<std::vector<std::string>> dead_letters() override;
  bool go_away() override;
  void come_back() override;
  [[nodiscard]] std::optional<std::string> config_of_nobody() override;
  [[nodiscard]] std::vector<::contract::bad_config> bad_configs() override;
  std::string fresh_destination() override;
  std::vector<::contract::letter> received(const std::string& destination, std::size_t n) override;
  [[nodiscard]] std::optional<std::string> missing_destination() override;
  [[nodiscard]] std::size_t too_large() override;

 private:
  // The answer's "value". A null one means: this driver can not do that.
  nlohmann::json ask(const std::string& what, nlohmann::json with = nlohmann::json::object());
  std::string read_line();

  std::chrono::milliseconds patience_, quiet_{500};
  ::contract::broker_traits traits_;
  pid_t pid_ = -1;
  int to_ = -1, from_ = -1;
  std::string rest_;  // read and not yet a line
};

}  // namespace spawn::check
