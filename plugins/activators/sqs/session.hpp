// session: one instance at work. A thread with an event loop on which everything happens: requests,
// offers, verdicts, messages of the sink. Reaching the service, losing it and finding it again is
// its own part.
//
// Life: made with the instance, started and stopped by it; the destructor stops it. Calls:
// [control].
#pragma once
#include <memory>
#include <string>
#include <thread>

#include "publisher.hpp"
#include "receiver.hpp"
#include "session-common/backoff.hpp"
#include "session-common/inbox.hpp"
#include "settler.hpp"

namespace sqs {

class session {
 public:
  // inbox lives longer. Throws refused, which names the key, for certificates that can not be read.
  session(spawn::plugin::host_ref host, const std::string& name, settings config,
          spawn::plugin::session_inbox& inbox);
  session(const session&) = delete;
  session& operator=(const session&) = delete;
  ~session();

  // The first time the thread begins; after quiesce() fetching goes on.
  void start();
  void quiesce(spawn::plugin::pending<spawn_op> op);
  // Ends when what the kernel has settled is settled at the service, or after five seconds.
  void drain(spawn::plugin::pending<spawn_op> op);
  // Unsettled messages are given back, as far as that is done in two seconds. Joins the thread.
  void stop();

 private:
  using shared_op = std::shared_ptr<spawn::plugin::pending<spawn_op>>;
  void run();
  void obey_inbox();
  void tick();
  void leave();
  void leave_when_settled(int tries);
  void drain_when_settled(const shared_op& op, int tries);

  // The link, all [loop].
  void connect();
  void read_attributes(const std::string& url);
  void find_dead_letters();
  void connected();
  void doubt(aws_fault fault, const std::string& why);
  void lost(const std::string& why);
  void ask_lag();
  void take_facts(const nlohmann::json& attributes);

  spawn::plugin::host_ref host_;
  std::string thread_name_;
  settings config_;
  spawn::plugin::session_inbox& inbox_;
  event_loop loop_;
  http_client http_;
  credential_chain chain_;
  aws_client aws_;
  parts parts_;
  settler settler_;
  receiver receiver_;
  publisher publisher_;

  enum class link { connecting, up, waiting } link_ = link::connecting;
  bool leaving_ = false, asking_lag_ = false;
  queue_facts queue_;
  std::string dead_letter_url_;
  std::string last_trouble_;
  std::uint64_t lag_asked_ns_ = 0;
  spawn::plugin::backoff backoff_{250, 15'000};
  alarm_clock retry_, tick_, end_;
  std::thread thread_;
};

}  // namespace sqs
