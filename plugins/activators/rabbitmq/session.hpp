// What the two session threads of an instance have in common: the thread, its end, waiting, and the
// wishes of the control thread.
#pragma once
#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>

#include "health_board.hpp"
#include "link.hpp"
#include "session-common/backoff.hpp"
#include "session-common/inbox.hpp"
#include "settings.hpp"

namespace rabbitmq {

// A drain that several sessions take part in. The op ends when the last one has let go of it.
class drain_wish {
 public:
  explicit drain_wish(spawn::plugin::pending<spawn_op> op) : op_(std::move(op)) {}
  drain_wish(const drain_wish&) = delete;
  drain_wish& operator=(const drain_wish&) = delete;
  ~drain_wish() { op_.end(SPAWN_OK); }

 private:
  spawn::plugin::pending<spawn_op> op_;
};

class session {
 public:
  session(spawn::plugin::host_ref host, const settings& how, health_board& board,
          health_board::side side)
      : host_(host), how_(how), board_(board), side_(side) {}
  session(const session&) = delete;
  session& operator=(const session&) = delete;
  virtual ~session() = default;

  [[nodiscard]] spawn::plugin::session_inbox& inbox() noexcept { return inbox_; }
  [[nodiscard]] bool runs() const noexcept { return thread_.joinable(); }
  void start(const char* thread_name);  // [control]
  // Tells the thread to end; join() waits for it, at most about 5 s. [control]
  void stop() noexcept;
  void join() noexcept;
  void drain(std::shared_ptr<drain_wish> wish);  // [control]

 protected:
  // --- what a session does, on its thread --------------------------------------------------------
  virtual void serve(link& to) = 0;    // returns when stopping; throws link_lost, channel_closed
  virtual void prepare(link& to) = 0;  // opens channels; throws the same
  virtual void lost(const std::string& why) = 0;  // the link is gone, or there was none
  virtual void idle() = 0;                        // takes the inbox while there is no link
  [[nodiscard]] virtual bool wanted() const noexcept { return true; }  // a link is to be there
  // How much is not settled; empty text when nothing is.
  [[nodiscard]] virtual std::string unsettled() const = 0;
  [[nodiscard]] virtual const char* purpose() const noexcept = 0;  // shown by the broker

  // Waits until there is something to read, to take or room to write, at most a quarter second.
  // False: that time has passed and nothing came.
  [[nodiscard]] bool wait(link& to, bool wants_room, bool busy) const noexcept;
  // Ends a drain that is complete, or that nothing has come to for five seconds: what is left then
  // comes again.
  void look_after_drain(bool quiet);
  [[nodiscard]] bool stopping() const noexcept { return stopping_.load(); }

  const spawn::plugin::host_ref host_;
  const settings& how_;
  health_board& board_;
  const health_board::side side_;
  spawn::plugin::session_inbox inbox_;
  spawn::plugin::backoff backoff_{100, how_.reconnect_ms_max};

 private:
  void run() noexcept;
  void run_link();
  void rest(std::uint32_t ms);

  std::atomic<bool> stopping_ = false;
  std::thread thread_;
  std::mutex mutex_;
  std::shared_ptr<drain_wish> drain_;  // under mutex_
  unsigned quiet_rounds_ = 0;          // of the drain
};

}  // namespace rabbitmq
