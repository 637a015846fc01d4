// Publishes what actors hand to the sink: many messages with one request where they may go
// together.
#pragma once
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "calls.hpp"
#include "pubsub.grpc.pb.h"
#include "settings.hpp"
#include "spawn/plugin/cpp/sink.hpp"
#include "wait.hpp"

namespace pubsub {

namespace api = google::pubsub::v1;

// The messages of one request, and who waits for it.
struct publish_batch {
  api::PublishRequest request;
  std::vector<spawn::plugin::pending<spawn_sink_message>> ops;
  std::uint64_t bytes = 0;
  std::uint64_t deadline_ns = 0;  // of the op that ends first; 0 = none
  wait others;                    // how long it waits for more
};

// Life: the session's; end_all() comes before its end. [session thread]. A request holds messages
// of one topic and one ordering key only, as the server wants it; the kernel hands over the next
// message of a key when the last one has ended, so a message with a key goes at once. What waits is
// bounded by what the kernel hands over.
class publisher {
 public:
  publisher(const settings& s, spawn::plugin::host_ref host, api::Publisher::Stub& stub,
            calls& among)
      : settings_(&s), host_(host), stub_(&stub), calls_(&among) {}

  void add(spawn::plugin::pending<spawn_sink_message> op);
  // Sends what is due. `why_not`: there is no connection; then it ends UNAVAILABLE, not sent.
  void flush(const std::string& why_not);
  // Until flush() can do more; -1: only when a call ends.
  [[nodiscard]] int wait_ms() const;

  [[nodiscard]] bool idle() const noexcept {
    return gathering_.empty() && ready_.empty() && out_ == 0;
  }
  // What was not sent ends so.
  void end_all(spawn_status status, const std::string& why);

 private:
  class publish_call;

  void close(publish_batch&& batch) { ready_.push_back(std::move(batch)); }
  void send(publish_batch&& batch, std::uint64_t limit_ms);
  void ended(const grpc::Status& status, publish_batch&& batch);

  const settings* settings_;
  spawn::plugin::host_ref host_;
  api::Publisher::Stub* stub_;
  calls* calls_;
  std::unordered_map<std::string, publish_batch> gathering_;  // by topic; without a key
  std::deque<publish_batch> ready_;
  std::size_t out_ = 0;  // requests
};

}  // namespace pubsub
