// A transport plugin: publishes from every lane, deliveries within credit to the lane that asked.
#pragma once
#include <memory>

#include "plugin/ports/store_lanes.hpp"
#include "plugin/ports/telling_transport_port.hpp"

namespace spawn {

struct transport_state;

// With "lanes": "one" lane 0 makes all calls and the other lanes post to it. Bounded: at most
// publishes_max messages, as many requests and as many replies in flight per lane, and credit_max
// undelivered messages per subscription; what goes beyond is dropped and counted.
class loaded_transport_port final : public telling_transport_port, public registered_port {
 public:
  static constexpr std::size_t publishes_max = 4'096;
  static constexpr std::uint32_t credit_max = 256;
  static constexpr std::uint64_t publish_limit_ms = 5'000;
  static constexpr std::uint64_t subscribe_again_ms = 1'000;

  loaded_transport_port(std::shared_ptr<instance_core> core, const spawn_transport* table);
  ~loaded_transport_port() override;

  [[nodiscard]] std::string_view name() const noexcept override { return core_->name; }
  void publish(lane& from, std::string_view subject, std::span<const header_view> headers,
               std::string_view payload) override;
  std::uint64_t subscribe(lane& to, std::string_view pattern, std::string_view group,
                          unique_function<void(transport_message)> on_message) override {
    return subscribe_and_tell(to, pattern, group, std::move(on_message), nullptr);
  }
  std::uint64_t subscribe_and_tell(lane& to, std::string_view pattern, std::string_view group,
                                   unique_function<void(transport_message)> on_message,
                                   told_fn first_try) override;
  void unsubscribe(std::uint64_t subscription, unique_function<void()> ended) override;
  [[nodiscard]] bool has_requests() const noexcept override;
  void request(lane& from, std::string_view subject, std::span<const header_view> headers,
               std::string_view payload, std::uint64_t deadline_ns, replied_fn replied) override;
  void reply(lane& from, std::string_view reply_to, std::span<const header_view> headers,
             std::string_view payload, replied_fn ended) override;

  [[nodiscard]] std::uint64_t submitted() const noexcept override;
  void add_times(call_times& sum) const noexcept override;
  void list_unfinished(std::vector<unfinished_op>& out) const override;
  [[nodiscard]] result<void> close(bool lanes_run, std::uint64_t limit_ms) override;

 private:
  struct outgoing;
  void send(lane& from, std::uint16_t code, const outgoing& what, std::uint64_t deadline_ns,
            replied_fn replied);

  std::shared_ptr<transport_state> state_;
};

}  // namespace spawn
