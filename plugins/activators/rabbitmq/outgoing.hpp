// A message on its way to the broker: what it becomes in AMQP, and how far it has been written.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "link.hpp"
#include "settings.hpp"
#include "spawn/plugin/cpp/pending.hpp"
#include "spawn/plugin/sink.h"

namespace rabbitmq {

struct refusal {
  spawn_status status;
  std::string why;
};

// Where a destination leads: "exchange", "exchange/routing-key", "/queue"; empty: the settings'.
// The routing key is the destination's, else the message's key, else the settings'.
struct address {
  std::string exchange, routing_key;
};
[[nodiscard]] address address_of(std::string_view destination, std::string_view key,
                                 const sink_settings& how);

// Why AMQP or the settings can not take it; nothing when they can.
[[nodiscard]] std::optional<refusal> refuses(const spawn_sink_message& m, const address& to,
                                             const settings& how);

class outgoing {
 public:
  using op = spawn::plugin::pending<spawn_sink_message>;

  outgoing(op what, address to) : op_(std::move(what)), to_(std::move(to)) {}

  [[nodiscard]] const address& to() const noexcept { return to_; }
  [[nodiscard]] const spawn_sink_message& message() const noexcept { return *op_; }
  [[nodiscard]] bool begun() const noexcept { return next_ != step::method; }
  // Writes the next frame; true when it was the last. The socket has room. Throws link_lost.
  [[nodiscard]] bool write(link& over, std::uint16_t channel, const settings& how,
                           std::int64_t unix_ms);
  void end(spawn_status status, std::string_view why = {}) noexcept { op_.end(status, why); }
  [[nodiscard]] op release() noexcept { return std::move(op_); }

 private:
  enum class step { method, header, body };
  void write_header(link& over, std::uint16_t channel, const settings& how, std::int64_t unix_ms);

  op op_;
  address to_;
  step next_ = step::method;
  std::uint64_t written_ = 0;  // bytes of the body
};

}  // namespace rabbitmq
