// Publishes for actors, on a connection of its own: a broker that is short of memory or disk stops
// reading connections that publish, and acks of the intake must not wait behind that.
#pragma once
#include <atomic>
#include <cstdint>
#include <deque>
#include <optional>
#include <set>
#include <string>

#include "confirms.hpp"
#include "message.hpp"
#include "outgoing.hpp"
#include "session.hpp"

namespace rabbitmq {

class egress : public session {
 public:
  egress(spawn::plugin::host_ref host, const settings& how, health_board& board)
      : session(host, how, board, health_board::egress) {}

  // Somebody is going to publish: from now on there is a connection. [lane]
  void want() noexcept;

 private:
  void prepare(link& to) override;
  void serve(link& to) override;
  void lost(const std::string& why) override;
  void idle() override;
  [[nodiscard]] bool wanted() const noexcept override { return wanted_.load(); }
  [[nodiscard]] std::string unsettled() const override;
  [[nodiscard]] const char* purpose() const noexcept override { return "spawn sink"; }

  [[nodiscard]] bool read(link& to);  // true: there may be more
  void take(link& to, const amqp_frame_t& frame);
  void take_inbox();
  void write(link& to);
  [[nodiscard]] bool reachable(link& to, outgoing& one);  // false: it was ended
  void expire();
  [[nodiscard]] bool blocked() const noexcept { return !blocked_why_.empty(); }

  std::atomic<bool> wanted_ = false;
  std::deque<outgoing> waiting_;  // the first may be partly written
  // --- of this session ---
  confirms confirms_;
  assembler incoming_;
  std::set<std::string> exchanges_;  // that are there
  std::string blocked_why_;
  std::string away_why_;                    // no connection, since the last try
  std::optional<std::uint64_t> expire_at_;  // host clock
};

}  // namespace rabbitmq
