// Acknowledges messages and moves their deadlines, many with one call. While a call is out the next
// ones gather, so the more there is to do, the larger the calls.
//
// Calls of their own and not requests on a stream: they work when no stream is open, and they say
// for sure whether the server took them. That is what a subscription with exactly-once delivery
// asks for, too: the ids it could not take for now are in the error, and are tried again.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "calls.hpp"
#include "pubsub.grpc.pb.h"
#include "session-common/backoff.hpp"
#include "settings.hpp"
#include "spawn/plugin/cpp/host.hpp"
#include "wait.hpp"

namespace pubsub {

namespace api = google::pubsub::v1;

// Life: the session's. [session thread]. Bounded by what has been fetched and is not settled.
class settler {
 public:
  settler(const settings& s, spawn::plugin::host_ref host, api::Subscriber::Stub& stub,
          calls& among)
      : settings_(&s), host_(host), stub_(&stub), calls_(&among) {}

  // Tried until `until_ns`, host clock: after that the server delivers the message again anyway.
  void acknowledge(std::string ack_id, std::uint64_t until_ns);
  // Delivered again after that many seconds, unless it is settled before. Of two for one message
  // the last one counts.
  void modify(std::string ack_id, std::uint32_t seconds, std::uint64_t until_ns);

  // Starts what can be started.
  void flush();
  // Nothing waits and nothing is out.
  [[nodiscard]] bool idle() const noexcept {
    return acks_.empty() && moves_.empty() && calls_out_ == 0;
  }
  // Until flush() can do more; -1: only when a call ends.
  [[nodiscard]] int wait_ms() const;

 private:
  struct move {
    std::uint32_t seconds = 0;
    std::uint64_t until_ns = 0;
  };
  using ack_list = std::vector<std::pair<std::string, std::uint64_t>>;
  class ack_call;
  class move_call;

  void flush_acks();
  void flush_moves();
  void acked(const grpc::Status& status, ack_list ids);
  void moved(const grpc::Status& status, std::uint32_t seconds, ack_list ids);
  void ended(const grpc::Status& status);
  [[nodiscard]] ack_list again(const grpc::Status& status, ack_list ids) const;

  const settings* settings_;
  spawn::plugin::host_ref host_;
  api::Subscriber::Stub* stub_;
  calls* calls_;
  ack_list acks_;
  std::unordered_map<std::string, move> moves_;  // by ack id
  bool acking_ = false;
  std::size_t moving_ = 0, calls_out_ = 0;
  spawn::plugin::backoff backoff_{100, 5'000};
  wait pause_;
};

}  // namespace pubsub
