// The driver of Pub/Sub: topics and subscriptions over gRPC, and what the server of tests/servers/
// pubsub tells on its control port.
#pragma once
#include <grpcpp/grpcpp.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "contract/activator/broker.hpp"
#include "contract/common/gate.hpp"
#include "pubsub.grpc.pb.h"

namespace contract {

namespace api = google::pubsub::v1;

// The server's control port (tests/servers/pubsub/control.go).
class pubsub_control {
 public:
  explicit pubsub_control(std::string address) : address_(std::move(address)) {}

  // The body of the answer. Throws failed.
  [[nodiscard]] std::string get(const std::string& path) const;
  [[nodiscard]] nlohmann::json state() const { return nlohmann::json::parse(get("/state")); }
  // The next calls of a method end with this status; the reason goes with each ack id.
  void fail(const std::string& method, int times, int code, const std::string& reason = {}) const;

 private:
  std::string address_;
};

// Thread: the test's.
class pubsub_broker : public broker {
 public:
  // From the variables of tests/servers/run_with.py; throws std::runtime_error without them.
  pubsub_broker();

  [[nodiscard]] broker_traits traits() const override {
    broker_traits out;
    // pstest hands out one message of an ordering key at a time; order has a check of its own.
    out.ordered = false;
    out.forgets = false;  // ack ids are of the subscription, not of a stream
    out.lag = false;
    return out;
  }
  // Of a message that nobody extends the deadline is soon over on a machine with much to do.
  [[nodiscard]] std::chrono::milliseconds patience() const override {
    return std::chrono::minutes(2);
  }
  std::string fresh_config() override { return config_of(fresh_queue()); }
  void publish(std::span<const letter> letters) override;
  [[nodiscard]] std::optional<std::uint64_t> waiting() override;
  [[nodiscard]] std::optional<std::vector<std::string>> dead_letters() override;
  bool go_away() override {
    gate_.shut();
    return true;
  }
  void come_back() override { gate_.open(); }
  [[nodiscard]] std::optional<std::string> config_of_nobody() override;
  [[nodiscard]] std::vector<bad_config> bad_configs() override;
  std::string fresh_destination() override;
  std::vector<letter> received(const std::string& destination, std::size_t n) override;
  [[nodiscard]] std::optional<std::string> missing_destination() override { return "nowhere"; }
  [[nodiscard]] std::size_t too_large() override { return 10'000'001; }

  // A topic, its subscription and a topic for dead letters, all new; publish() and what is asked go
  // there from now on. What `settings` says of the subscription counts.
  std::string fresh_queue(const api::Subscription& settings = {});
  [[nodiscard]] std::string name(const char* kind, const std::string& last) const {
    return "projects/" + project_ + "/" + kind + "/" + last;
  }
  // With the keys of `more` beside, or instead of, the usual ones.
  [[nodiscard]] std::string config_of(const std::string& queue,
                                      const nlohmann::json& more = nlohmann::json::object()) const;
  // All that was ever published to a topic, as control.go shows it.
  [[nodiscard]] nlohmann::json messages(const std::string& topic) const;
  [[nodiscard]] const std::string& queue() const noexcept { return queue_; }
  [[nodiscard]] const pubsub_control& control() const noexcept { return control_; }

 private:
  void create_topic(const std::string& last);

  const std::string project_;
  const pubsub_control control_;
  gate gate_;  // between the instances and the server
  std::string queue_;
  std::unique_ptr<api::Publisher::Stub> publisher_;
  std::unique_ptr<api::Subscriber::Stub> subscriber_;
  int made_ = 0;
};

}  // namespace contract
