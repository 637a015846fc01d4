// A durable pull consumer of JetStream. Fetches are sized by the free window and expire soon, so
// that a window that closes is obeyed; each message is settled by what is published to its reply
// subject.
#pragma once
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "consumer_setup.hpp"
#include "intake.hpp"

namespace nats_source {

class source;

// [session thread]
class consumer final : public intake {
 public:
  consumer(source& to, const settings& s);

  [[nodiscard]] std::uint64_t capabilities() const noexcept override;
  void connected() override;
  void disconnected() override;
  bool received(std::uint64_t subscription, nats_common::message_ptr m) override;
  void work(std::size_t room, bool open) override;
  void settle(letter& l, std::uint32_t verdict, std::uint32_t delay_ms,
              const reply_text* answer) override;
  void give_back(letter l) override;
  [[nodiscard]] std::uint64_t keeps_ns() const noexcept override {
    return setup_.ack_wait_ns() / 2;
  }

 private:
  struct fetch {
    std::size_t left;
    std::uint64_t until_ns;
  };

  void listen();
  void fetch_more(std::size_t room);
  void close_fetches();
  void ended(std::uint64_t number);
  void look_at_lag();
  void say(const std::string& reply, const std::string& word);
  void bury(letter& l);

  source& source_;
  const settings& settings_;
  consumer_setup setup_;
  std::uint64_t inbox_ = 0;  // subscription fetches are answered to; 0: none
  std::string inbox_subject_;
  std::set<std::uint64_t> closing_;  // subscriptions that only empty themselves, the newest few
  std::uint64_t inboxes_ = 0, fetches_ = 0;
  std::map<std::uint64_t, fetch> open_;  // by number
  std::vector<std::string> forgotten_;   // reply subjects of a lost session
  std::uint64_t not_before_ns_ = 0;      // no fetch before that
  std::uint64_t next_lag_ns_ = 0;
  bool lag_asked_ = false;
};

}  // namespace nats_source
