// bus_client: one instance of a transport under test, with an inbox. Sends plain requests, waits
// for their end and collects deliveries. Watches that no delivery exceeds the credit given.
#pragma once
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "contract/common/check.hpp"
#include "spawn/plugin/testing/fake_instance.hpp"
#include "spawn/plugin/transport.h"

namespace contract {

using headers = std::vector<std::pair<std::string, std::string>>;

struct delivery {
  std::uint64_t sub_id = 0;
  std::string subject, reply_to, payload;
  headers with;
};

struct send_result {
  spawn_status status = SPAWN_E_INTERNAL;
  std::string error, reply;
  headers reply_headers;
};

class bus_client {
 public:
  // Waits for the link unless told not to.
  bus_client(const target& t, const std::string& config, std::uint32_t lanes = 1,
             bool linked = true);
  ~bus_client();
  bus_client(const bus_client&) = delete;
  bus_client& operator=(const bus_client&) = delete;

  send_result publish(const std::string& subject, const std::string& payload, headers with = {});
  send_result reply(const std::string& reply_to, const std::string& payload, headers with = {});
  spawn_status subscribe(std::uint64_t id, const std::string& pattern,
                         const std::string& group = {}, std::uint32_t credit = 1'000'000,
                         std::uint32_t lane = 0);
  spawn_status unsubscribe(std::uint64_t id);
  void grant(std::uint64_t id, std::uint32_t credit);

  // A request in flight: finished by somebody's reply, its deadline or the end of the instance.
  class asked;
  std::unique_ptr<asked> request(const std::string& subject, const std::string& payload,
                                 std::uint64_t deadline_ns = 0);

  // Takes what was delivered, waiting until `n` messages are there.
  std::vector<delivery> take(std::size_t n);
  [[nodiscard]] std::size_t inbox_size();
  spawn_status raw_op(std::uint16_t code);
  void verify_host();
  // Waits until the last word on the link is this; until the host was told that it is not served.
  void wait_link(bool up);
  void wait_not_serving();
  [[nodiscard]] spawn::plugin::testing::manual_clock& clock() { return host_.clock; }
  // For checks of what stands beside spawn.transport.
  template <class Table>
  [[nodiscard]] const Table* interface(const char* id) const {
    return instance_->interface<Table>(id);
  }
  [[nodiscard]] spawn_tp_lane* lane() const { return lanes_.front(); }
  [[nodiscard]] bool announces(std::uint64_t capability) const {
    return (table_->capabilities(instance_->raw()) & capability) != 0;
  }
  [[nodiscard]] spawn::plugin::testing::fake_host& host() { return host_; }

 private:
  struct listening_host : spawn::plugin::testing::fake_host {
    bus_client* owner = nullptr;
  };
  struct flying;
  void deliver(const spawn_tp_message& m);
  send_result send(std::uint16_t code, const std::string& subject, const std::string& payload,
                   headers with);

  listening_host host_;
  spawn_host_transport services_{};
  std::unique_ptr<spawn::plugin::testing::fake_instance> instance_;
  const spawn_transport* table_ = nullptr;
  std::vector<spawn_tp_lane*> lanes_;
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::vector<delivery> inbox_;
  std::map<std::uint64_t, std::uint64_t> credit_;
  bool link_up_ = false;
};

}  // namespace contract
