// session: the thread of one instance. It takes the kernel's orders, keeps consumer and producer,
// and offers what was read within the window.
//
// Life: start() makes the thread, stop() ends and joins it. Borrows the inbox. start, quiesce,
// drain and stop are [control]; all else is on the thread.
#pragma once
#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "consumer.hpp"
#include "intake.hpp"
#include "lag_watch.hpp"
#include "publisher.hpp"
#include "session-common/backoff.hpp"
#include "session-common/inbox.hpp"

namespace kafka_activator {

class session {
 public:
  using step = spawn::plugin::pending<spawn_op>;

  session(spawn::plugin::host_ref host, settings config, spawn::plugin::session_inbox& inbox);
  session(const session&) = delete;
  session& operator=(const session&) = delete;
  ~session();

  // Ends OK when the clients could be made, INVALID when the config is no good for them; whether a
  // broker answers is a matter of health. After quiesce() it goes on as before.
  void start(step op);
  // Nothing is read or offered any more.
  void quiesce(step op);
  // Ends when what was settled is committed and what was published is confirmed, or after five
  // seconds, or at the op's deadline.
  void drain(step op);
  // Returns when the thread has ended.
  void stop();

 private:
  enum class errand_kind { quiesce, drain, resume };
  struct errand {
    errand_kind what;
    step op;
    std::uint64_t until_ns;
  };

  void run(step started);
  void turn();
  void obey(spawn::plugin::session_inbox::orders orders);
  void bury(const spawn::plugin::verdict& v);
  void read_and_offer();
  void offer_ready();
  [[nodiscard]] bool room() const;
  [[nodiscard]] bool wanted();
  void keep_consumer();
  void make_consumer();
  void report();
  void run_errands();
  void ask(errand_kind what, step op);
  [[nodiscard]] int wait_ms() const;
  void finish();

  spawn::plugin::host_ref host_;
  spawn::plugin::activator_host kernel_;
  const settings config_;
  spawn::plugin::session_inbox& inbox_;
  std::thread thread_;
  std::atomic<bool> ended_{true};
  std::mutex mutex_;
  std::vector<errand> asked_;  // under mutex_

  // Of the thread alone.
  std::vector<errand> errands_;
  std::uint32_t window_ = 0;
  bool stopping_ = false, quiet_ = false, more_ = false;
  std::uint64_t full_since_ns_ = 0;
  std::uint64_t retry_at_ns_ = 0;
  spawn::plugin::backoff retry_{500, 10'000};
  std::optional<std::string> reported_;  // the last trouble; nothing: none was told yet
  intake records_;
  lag_watch lag_;
  publisher out_;
  std::unique_ptr<consumer> in_;
};

}  // namespace kafka_activator
