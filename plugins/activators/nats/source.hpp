// source: the session of one activator instance. Counts the window, offers what the intake brings,
// hands verdicts back to it, and publishes for the sink. All of it on the session thread; lanes
// only leave orders in the inbox.
#pragma once
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "intake.hpp"
#include "nats-common/session.hpp"
#include "publisher.hpp"
#include "reply_box.hpp"
#include "session-common/inbox.hpp"
#include "settings.hpp"

namespace nats_source {

class source final : public nats_common::session {
 public:
  source(spawn::plugin::host_ref host, settings s);
  ~source() override { finish(); }

  [[nodiscard]] spawn::plugin::session_inbox& orders() noexcept { return orders_; }
  [[nodiscard]] reply_box& replies() noexcept { return replies_; }
  [[nodiscard]] std::uint64_t capabilities() const noexcept { return intake_->capabilities(); }

  // --- for the intake, [session thread]
  void arrived(letter l);
  [[nodiscard]] std::size_t ahead() const noexcept { return ahead_.size(); }
  [[nodiscard]] const spawn::plugin::activator_host& activator() const noexcept { return to_host_; }

 private:
  void connected() override;
  void disconnected() override;
  void received(std::uint64_t subscription, nats_common::message_ptr m) override;
  void work() override;
  void resumed() override { quiet_ = false; }
  void quiesced() override;
  [[nodiscard]] bool drained() override;
  void ended() override;
  [[nodiscard]] int work_fd() const noexcept override { return orders_.fd(); }
  [[nodiscard]] std::uint32_t patience_ms() const override;

  void obey(const spawn::plugin::verdict& v);
  void offer();
  void look_at_extended();
  void give_back_ahead();

  const settings settings_;
  const spawn::plugin::activator_host to_host_;
  spawn::plugin::session_inbox orders_;
  reply_box replies_;

  // [session thread]
  std::uint32_t window_ = 0;
  bool paused_ = false, quiet_ = false;
  std::uint64_t last_token_ = 0;
  std::map<std::uint64_t, letter> held_;  // offered and not settled, by token
  std::deque<letter> ahead_;              // fetched and not offered
  bool settles_out_ = false, confirming_ = false;
  std::uint64_t next_look_ns_ = 0;
  publisher publisher_;
  std::unique_ptr<intake> intake_;
};

}  // namespace nats_source
