// Fetches messages, offers them within the window, and tells the broker what became of them.
#pragma once
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include "ack_book.hpp"
#include "fetch_plan.hpp"
#include "message.hpp"
#include "session.hpp"
#include "spawn/plugin/cpp/activator.hpp"

namespace rabbitmq {

// One queue, one channel for messages and one for asking how many wait. A token is the delivery tag
// counted on over the sessions, so that a verdict for a lost session is recognised.
class intake : public session {
 public:
  intake(spawn::plugin::host_ref host, const settings& how, health_board& board)
      : session(host, how, board, health_board::intake), kernel_(host) {}

  void hold_back(bool on);  // true: offers nothing more, quiesced. [control]
  // Closed: nobody will settle any more, so what is unsettled goes back. [lane]
  void lane_is_open(bool open);

 private:
  void prepare(link& to) override;
  void serve(link& to) override;
  void lost(const std::string& why) override;
  void idle() override;
  [[nodiscard]] std::string unsettled() const override;
  [[nodiscard]] const char* purpose() const noexcept override { return "spawn activator"; }

  [[nodiscard]] bool read(link& to);  // true: there may be more
  void take(link& to, const amqp_frame_t& frame);
  void take_inbox();
  void obey(const spawn::plugin::verdict& one);
  void offer();
  void give_back_ahead();
  void give_back_unsettled();
  void answer(link& to);  // acks, rejects and requeues
  void follow_window(link& to, bool quiet);
  void consume(link& to, std::uint16_t prefetch);
  void ask_lag(link& to);
  void release_due();
  [[nodiscard]] bool open() const noexcept;
  [[nodiscard]] std::uint32_t stuck() const noexcept;

  struct answer_to {
    std::uint64_t tag;
    bool requeue;
  };

  const spawn::plugin::activator_host kernel_;
  std::atomic<bool> held_back_ = false;
  std::atomic<bool> lane_open_ = false;
  std::uint32_t window_ = 0;
  bool paused_ = false;
  bool refused_ = false;  // the kernel took none; ask again when it says something
  std::unordered_set<std::uint64_t> offered_;  // and not settled, of lost sessions too

  // --- of this session ---
  std::uint64_t base_ = 0;  // token = base_ + tag
  std::uint64_t last_tag_ = 0;
  std::uint64_t consumer_from_ = 0;  // tags of the present consumer are above
  std::uint64_t consumers_ = 0;      // made so far, for their names
  fetch_plan plan_;
  ack_book book_;
  assembler incoming_;
  std::deque<std::unique_ptr<spawn::plugin::delivery>> ahead_;  // fetched and not offered
  std::vector<answer_to> answers_;                              // not yet written
  std::multimap<std::uint64_t, std::uint64_t> delayed_;         // host clock -> tag to requeue
  bool lag_asked_ = false;
  std::optional<std::uint64_t> lag_at_;         // host clock
  std::optional<std::uint64_t> consume_until_;  // host clock; a consume is not answered yet
  std::optional<std::uint64_t> lag_told_;
};

}  // namespace rabbitmq
