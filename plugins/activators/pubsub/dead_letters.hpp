// Publishes messages that no actor can take to the dead letter topic.
#pragma once
#include <cstdint>
#include <string>

#include "calls.hpp"
#include "pubsub.grpc.pb.h"
#include "settings.hpp"
#include "spawn/plugin/cpp/host.hpp"

namespace pubsub {

namespace api = google::pubsub::v1;

// Who has to acknowledge a message, or not, when its publishing has ended. [session thread]
class dead_letter_end {
 public:
  virtual void buried(std::string ack_id, std::uint64_t until_ns, bool published) = 0;

 protected:
  ~dead_letter_end() = default;
};

// Life: the session's. [session thread]. Bounded by the window.
class dead_letters {
 public:
  dead_letters(const settings& s, spawn::plugin::host_ref host, api::Publisher::Stub& stub,
               calls& among)
      : settings_(&s), host_(host), stub_(&stub), calls_(&among) {}

  // With the attributes dead-letter-subscription and dead-letter-message-id. until_ns: until when
  // the ack id is good. `then` stays until all have ended.
  void publish(api::PubsubMessage message, std::string ack_id, std::uint64_t until_ns,
               dead_letter_end& then);
  [[nodiscard]] bool idle() const noexcept { return out_ == 0; }

 private:
  class publish_call;

  const settings* settings_;
  spawn::plugin::host_ref host_;
  api::Publisher::Stub* stub_;
  calls* calls_;
  std::size_t out_ = 0;
};

}  // namespace pubsub
