// The session of one instance with NATS: one thread that connects, comes back with growing waits
// after a loss, and does everything else in between. What is derived says what "everything" is.
//
// Life: start() makes the thread, the op of stop() ends on it as its last deed, the destructor
// joins. Derived classes call finish() in their destructor. Hooks and protected functions: [session
// thread].
#pragma once
#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "nats-common/asks.hpp"
#include "nats-common/connection.hpp"
#include "session-common/backoff.hpp"
#include "spawn/plugin/cpp/plugin.hpp"

namespace nats_common {

class session {
 public:
  session(const session&) = delete;
  session& operator=(const session&) = delete;
  virtual ~session() = default;

  // [control] Each ends its op soon; drain waits drain_ms at most, stop for a client call that
  // runs.
  void start(spawn::plugin::pending<spawn_op> op);
  void quiesce(spawn::plugin::pending<spawn_op> op);
  void drain(spawn::plugin::pending<spawn_op> op);
  void stop(spawn::plugin::pending<spawn_op> op);

  // There is something for work(). [any]
  void wake() noexcept { mailbox_->wake(); }

  // --- services, [session thread]
  [[nodiscard]] spawn::plugin::host_ref host() const noexcept { return host_; }
  [[nodiscard]] bool up() const noexcept { return connection_ != nullptr; }
  [[nodiscard]] std::size_t max_payload() const noexcept;
  [[nodiscard]] const std::string& inbox() const noexcept { return asks_.inbox(); }

  // OK, or UNAVAILABLE, TOO_LARGE, INVALID (not sent), UNKNOWN_OUTCOME (perhaps).
  spawn_status publish(const outgoing& m);
  // `m.reply` is filled in.
  void ask(outgoing m, std::uint64_t deadline_ns, on_answer who);
  // Told once the server has taken everything that was sent before.
  void confirm(std::uint64_t deadline_ns, on_answer who);
  // 0 when that failed; the connection is then lost and connected() comes again.
  [[nodiscard]] std::uint64_t subscribe(const std::string& subject, const std::string& group);
  void unsubscribe(std::uint64_t subscription);
  // The server is told at once; what is on its way still comes.
  void unsubscribe_later(std::uint64_t subscription);
  // True: after unsubscribe_later(), and what was on its way comes to received() before the next
  // work() at the latest.
  [[nodiscard]] bool is_empty(std::uint64_t subscription) const;
  // Gives the connection up; the next comes after a wait.
  void lose(const std::string& why);
  // Tells the host, and the log, when it is news.
  void serving(bool yes, const std::string& why = {});

 protected:
  session(spawn::plugin::host_ref host, connection_settings settings);
  // Joins the thread; the first thing in the destructor of what is derived.
  void finish() noexcept;

  // --- hooks
  virtual void connected() = 0;     // subscribe, make what is missing
  virtual void disconnected() = 0;  // subscriptions and asks of the connection are gone
  virtual void received(std::uint64_t subscription, message_ptr m) = 0;
  virtual void work() = 0;      // what lanes want, what time brings
  virtual void resumed() {}     // start(), also after quiesce()
  virtual void quiesced() = 0;  // take nothing new
  [[nodiscard]] virtual bool drained() = 0;
  virtual void ended() = 0;  // the last hook: nothing may be left in flight
  // Another fd to wake up for, -1 for none.
  [[nodiscard]] virtual int work_fd() const noexcept { return -1; }
  // How long work() may wait for the next call.
  [[nodiscard]] virtual std::uint32_t patience_ms() const { return idle_ms; }

  static constexpr std::uint32_t idle_ms = 1'000, busy_ms = 50, drain_ms = 3'000;

 private:
  using clock = std::chrono::steady_clock;  // for waits alone
  struct life_orders {
    std::vector<spawn::plugin::pending<spawn_op>> starts, quiesces, drains, stops;
  };

  void order(std::vector<spawn::plugin::pending<spawn_op>> life_orders::* which,
             spawn::plugin::pending<spawn_op> op);
  void run() noexcept;
  void step();
  void obey(life_orders orders);
  void look_at_drains();
  void connect_if_due();
  void read_mailbox();
  void wait() const;
  void end_all();

  const spawn::plugin::host_ref host_;
  const connection_settings settings_;
  const std::shared_ptr<mailbox> mailbox_;
  std::mutex life_mutex_;
  life_orders life_;
  std::atomic<bool> over_{false};
  std::thread thread_;

  // [session thread]
  asks asks_;
  std::unique_ptr<connection> connection_;
  spawn::plugin::backoff backoff_;
  clock::time_point next_try_{};
  std::size_t next_server_;
  std::uint64_t next_subscription_ = 1;
  std::uint64_t inbox_subscription_ = 0;
  std::uint64_t dropped_ = 0;
  std::vector<spawn::plugin::pending<spawn_op>> draining_, stopping_;
  clock::time_point drain_until_{};
  bool told_ = false, serving_ = false;
  std::string told_why_;
};

}  // namespace nats_common
