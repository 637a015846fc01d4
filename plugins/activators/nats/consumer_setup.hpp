// Sees to it that stream and durable consumer are there, and learns how long the consumer waits for
// an acknowledgement.
#pragma once
#include <cstdint>
#include <string>

#include "nats-common/jetstream.hpp"
#include "nats-common/session.hpp"
#include "settings.hpp"

namespace nats_source {

// One run per connection; step() goes on, or tries again, until ready(). [session thread]
class consumer_setup {
 public:
  consumer_setup(nats_common::session& at, const settings& s) : session_(at), settings_(s) {}

  void begin();  // a new connection
  void end();    // it is gone
  void step();
  [[nodiscard]] bool ready() const noexcept { return state_ == state::ready; }
  [[nodiscard]] std::uint64_t ack_wait_ns() const noexcept { return ack_wait_ns_; }

 private:
  enum class state { idle, asking, waiting, ready };
  using next = void (consumer_setup::*)(const nats_common::api_answer&);

  void request(const std::string& subject, const std::string& payload, next then);
  void make_stream();
  void stream_made(const nats_common::api_answer& a);
  void make_consumer();
  void consumer_made(const nats_common::api_answer& a);
  void consumer_known(const nats_common::api_answer& a);
  void later(const std::string& why);

  nats_common::session& session_;
  const settings& settings_;
  state state_ = state::idle;
  std::uint64_t epoch_ = 0;
  std::uint64_t again_ns_ = 0;
  std::uint64_t ack_wait_ns_ = 0;
};

}  // namespace nats_source
