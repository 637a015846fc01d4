// A plain, waiting client of RabbitMQ, for the driver of its contract test.
#pragma once
#include <sys/time.h>

#include <amqp.h>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "contract/activator/broker.hpp"

namespace contract {

// Everything throws failed, and connects anew when the last call did. Thread: the test's.
class rabbit_client {
 public:
  using argument_map = std::map<std::string, std::string>;  // values that are digits are numbers

  rabbit_client(std::uint16_t port, std::string user, std::string password)
      : port_(port), user_(std::move(user)), password_(std::move(password)) {}

  // The next call connects anew: the broker was away.
  void forget() { state_.reset(); }
  void declare_queue(const std::string& name, const argument_map& with = {});
  void delete_queue(const std::string& name);
  void declare_exchange(const std::string& name, const std::string& type);
  // Messages that are ready: not those that a consumer has.
  [[nodiscard]] std::uint64_t ready(const std::string& queue);
  // Returns when the broker has confirmed all. A letter's key goes into the header "key".
  void publish(const std::string& exchange, const std::string& routing_key,
               std::span<const letter> letters);
  // Takes the first message off; nothing when there is none.
  [[nodiscard]] std::optional<letter> get(const std::string& queue);

 private:
  struct destroyer {
    void operator()(amqp_connection_state_t state) const noexcept {
      amqp_destroy_connection(state);
    }
  };
  amqp_connection_state_t state();
  void check(const std::string& what);

  const std::uint16_t port_;
  const std::string user_, password_;
  std::unique_ptr<amqp_connection_state_t_, destroyer> state_;
  std::uint64_t published_ = 0;  // on this connection, as the broker counts
};

}  // namespace contract
