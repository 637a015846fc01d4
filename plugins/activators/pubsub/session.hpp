// The session of an instance with the service: one thread that fetches, offers, settles and
// publishes.
#pragma once
#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "calls.hpp"
#include "connection.hpp"
#include "dead_letters.hpp"
#include "fetcher.hpp"
#include "intake.hpp"
#include "publisher.hpp"
#include "session-common/inbox.hpp"
#include "settings.hpp"
#include "settler.hpp"

namespace pubsub {

// Life: start() makes the thread, stop() joins it; both [control], as quiesce() and drain(). Lanes
// reach it through the inbox only.
class session {
 public:
  session(settings s, spawn::plugin::activator_host host);
  ~session();
  session(const session&) = delete;
  session& operator=(const session&) = delete;

  // Once more undoes quiesce().
  void start();
  void quiesce();
  // Ends the op when nothing is unsettled and all verdicts have reached the server, or after a
  // while.
  void drain(spawn::plugin::pending<spawn_op> op);
  // What is unsettled goes back to the server. Returns within five seconds.
  void stop();

  // The lane's, [lane].
  void lane_opened();
  // Nothing is offered any more when it returns.
  void lane_closed();

  [[nodiscard]] spawn::plugin::session_inbox& inbox() noexcept { return inbox_; }
  [[nodiscard]] const settings& config() const noexcept { return settings_; }

 private:
  void run() noexcept;
  void turn();
  void wait_for_more();
  void offer();
  void end_drains();
  void tell_health();
  [[nodiscard]] bool idle() const;
  void wind_up();

  const settings settings_;
  const spawn::plugin::activator_host host_;
  spawn::plugin::session_inbox inbox_;
  io_thread io_;
  connection connection_;
  std::unique_ptr<api::Subscriber::Stub> subscriber_;
  std::unique_ptr<api::Publisher::Stub> publisher_stub_;
  calls calls_;
  settler settler_;
  dead_letters dead_;
  intake intake_;
  fetcher fetcher_;
  publisher publisher_;
  std::thread thread_;

  std::atomic<bool> quiesced_ = false;
  std::mutex lane_;  // held while something is offered
  bool lane_open_ = false, lane_gone_ = false;

  // A drain that waits, and for how long.
  struct draining {
    spawn::plugin::pending<spawn_op> op;
    wait left;
  };
  std::mutex drains_;
  std::vector<draining> draining_;

  // The session thread's own.
  std::uint32_t window_ = 0;
  bool stopping_ = false;
  std::optional<bool> told_serving_;
  std::string told_why_;
  wait keep_;
};

}  // namespace pubsub
