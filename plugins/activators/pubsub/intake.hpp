// The messages on their way from the streams to the kernel and, as verdicts, back to the server.
#pragma once
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "dead_letters.hpp"
#include "fetcher.hpp"
#include "session-common/inbox.hpp"
#include "settings.hpp"
#include "settler.hpp"
#include "spawn/plugin/cpp/activator.hpp"

namespace pubsub {

// Life: the session's. [session thread]. What has been fetched and does not fit the window waits
// here, at most about one response beyond `ahead_most`; its deadlines are moved meanwhile.
class intake final : public receiver, private dead_letter_end {
 public:
  intake(const settings& s, spawn::plugin::activator_host host, settler& to, dead_letters& dead)
      : settings_(&s), host_(host), settler_(&to), dead_(&dead) {}

  // At 0, and when it closes, what waits is given back.
  void set_window(std::uint32_t window);
  // Offers what waits, as far as the window goes. False: the lane takes no more.
  void offer();
  void settle(const spawn::plugin::verdict& one);
  // Moves the deadlines of what waits too long.
  void keep();
  // Everything goes back to the server, also what is unsettled.
  void release_all();

  [[nodiscard]] std::size_t unsettled() const noexcept { return leases_.size(); }
  // Messages that were handed back for later: to the server they are still with the client.
  [[nodiscard]] std::uint64_t parked();

  void take(api::StreamingPullResponse& response) override;
  [[nodiscard]] bool full() const override;

 private:
  // A message that was offered and is not settled.
  struct lease {
    std::string ack_id, message_id;
    std::uint64_t until_ns = 0;
    std::unique_ptr<api::PubsubMessage> copy;  // with a dead letter topic
  };
  // One that waits for the window. The lease goes with it.
  struct waiting {
    std::unique_ptr<spawn::plugin::delivery> delivery;
    lease held;
  };

  void take_one(api::ReceivedMessage& from);
  void give_back(const std::string& ack_id, std::uint64_t until_ns);
  void bury(lease&& one);
  void buried(std::string ack_id, std::uint64_t until_ns, bool published) override;
  void condemn(const std::string& message_id);
  [[nodiscard]] std::uint64_t settle_by(std::uint64_t until_ns) const;

  const settings* settings_;
  spawn::plugin::activator_host host_;
  settler* settler_;
  dead_letters* dead_;
  std::uint32_t window_ = 0;
  bool ordered_ = true;  // as far as is known
  std::uint64_t last_token_ = 0;
  std::deque<waiting> waiting_;
  std::unordered_map<std::uint64_t, lease> leases_;  // by token
  std::deque<std::uint64_t> parked_until_ns_;
  std::unordered_set<std::string> condemned_;  // ids that the dead letter policy has to take
  std::deque<std::string> condemned_order_;
};

}  // namespace pubsub
