// What was published on one channel and is not confirmed yet.
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "message.hpp"
#include "outgoing.hpp"

namespace rabbitmq {

// Sequence numbers count from 1, as the broker counts. An op that ended at its deadline leaves its
// number here until the broker has spoken. [session thread]
class confirms {
 public:
  // It is about to be written; the op moves in here with taken().
  void sent(const address& to, const spawn_sink_message& m);
  // The message that sent() announced last is on its way as a whole.
  void taken(outgoing::op op);
  // basic.ack and basic.nack.
  void confirmed(std::uint64_t number, bool multiple, bool good);
  // A basic.return: the oldest of the same address and id has no queue.
  void returned(const message& what);
  // A channel.close tells what it was about; those it can not be about end UNKNOWN_OUTCOME.
  void channel_closed(std::uint16_t code, std::string_view text);
  // The connection is gone.
  void lost(std::string_view why);
  // Ends what is late. The earliest deadline that is left, or nothing.
  std::optional<std::uint64_t> expire(std::uint64_t now_ns);

  [[nodiscard]] std::size_t open() const noexcept { return open_; }
  [[nodiscard]] std::size_t unspoken() const noexcept { return flights_.size(); }

 private:
  struct flight {
    address to;
    std::string id;
    std::uint64_t bytes = 0;
    bool no_queue = false;
    std::optional<outgoing::op> op;
  };
  void end(flight& one, spawn_status status, std::string_view why);

  std::map<std::uint64_t, flight> flights_;
  std::uint64_t last_ = 0;
  std::size_t open_ = 0;  // with an op
};

}  // namespace rabbitmq
