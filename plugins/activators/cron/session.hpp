// session: the thread that offers what is due.
#pragma once
#include <atomic>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "session-common/inbox.hpp"
#include "timetable.hpp"

namespace cron_activator {

// Life: start() makes the thread, stop() joins it; start() once more takes a quiesce back. Thread:
// public methods [control], the inbox [lane], everything else the session thread.
class session {
 public:
  session(const spawn::plugin::activator_host& host, std::string_view instance,
          std::vector<schedule> schedules);
  session(const session&) = delete;
  session& operator=(const session&) = delete;
  ~session() { stop(); }

  void start();
  // No fire is offered any more; what is out may still be settled.
  void quiesce() { quiesced_.store(true); }
  // The op ends when nothing is out, at the latest after some seconds: what is left then is in the
  // cursors and comes again with the next start.
  void drain(spawn::plugin::pending<spawn_op> op);
  void stop();

  [[nodiscard]] spawn::plugin::session_inbox& inbox() noexcept { return inbox_; }

 private:
  void run();
  void begin();
  void turn(const spawn::plugin::session_inbox::orders& orders);
  void offer_due(std::uint32_t window);
  [[nodiscard]] std::unique_ptr<spawn::plugin::delivery> delivery_of(const fire_ref& fire) const;
  void remember();
  void tell_lag();
  void end_drain(bool now);

  const spawn::plugin::activator_host host_;
  const std::string thread_name_;
  spawn::plugin::session_inbox inbox_;
  std::atomic<bool> quiesced_{false};
  std::mutex draining_mutex_;
  std::optional<spawn::plugin::pending<spawn_op>> draining_;
  int drain_turns_ = 0;
  timetable table_;
  std::vector<waiting> told_;     // lag, per schedule
  std::uint64_t told_at_ns_ = 0;  // when lags were last looked at
  std::thread thread_;
};

}  // namespace cron_activator
