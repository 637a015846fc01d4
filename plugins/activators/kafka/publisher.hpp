// publisher: the way out, for messages of actors and for dead letters, through one idempotent
// producer that waits for all replicas. An op ends when the broker's delivery report comes, or at
// its deadline, UNKNOWN_OUTCOME; a dead letter is tried again until it has arrived.
//
// Life: the producer is made with the first message, and made anew after a fatal error.
// Thread: the session's. Bounds: sink_max messages; beyond it EXHAUSTED.
#pragma once
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "client.hpp"
#include "intake.hpp"
#include "spawn/plugin/cpp/sink.hpp"

namespace kafka_activator {

class publisher final : private client_events {
 public:
  using message_op = spawn::plugin::pending<spawn_sink_message>;

  // `config` is borrowed for life; `wake` is an eventfd that is written when reports have come.
  publisher(spawn::plugin::host_ref host, const settings& config, int wake);
  ~publisher() override;

  void publish(message_op op);
  // `why` goes along as a header. Settled when arrived() names the token.
  void bury(intake::burial one, std::string why);
  // Serves reports, deadlines and dead letters that have to be tried again.
  void poll();
  // Tokens of dead letters that have arrived since.
  [[nodiscard]] std::vector<std::uint64_t> arrived();

  [[nodiscard]] bool idle() const noexcept { return flights_.empty() && unsent_.empty(); }
  // When poll() has something to do without a report; 0: not by time.
  [[nodiscard]] std::uint64_t due_ns() const;
  // Waits for reports until then at most, and ends what is left. Nothing may be given any more.
  void close(std::chrono::milliseconds limit);

 private:
  struct grave {
    intake::burial what;
    std::string why;
  };
  struct flight {
    std::optional<message_op> op;  // none: a dead letter, or the op has ended at its deadline
    std::optional<grave> letter;
    std::uint64_t deadline_ns = 0;
  };

  [[nodiscard]] rd_kafka_t* producer();
  [[nodiscard]] rd_kafka_resp_err_t send(const spawn_sink_message& m, std::uint64_t id);
  [[nodiscard]] rd_kafka_resp_err_t send(const grave& one, std::uint64_t id);
  void try_letter(grave one);
  void letter_failed(grave one, rd_kafka_resp_err_t why);
  void expire(std::uint64_t now_ns);
  void failed(rd_kafka_resp_err_t code, const std::string& why) override;
  void delivered(const rd_kafka_message_t& report) override;

  const settings& config_;
  const int wake_;
  std::unordered_map<std::uint64_t, flight> flights_;      // by the id that reports carry
  std::multimap<std::uint64_t, std::uint64_t> deadlines_;  // when -> id; may name what has ended
  std::multimap<std::uint64_t, grave> unsent_;             // when to try again -> dead letter
  std::vector<std::uint64_t> arrived_;
  std::uint64_t last_id_ = 0;
  bool fatal_ = false;
  client_ptr producer_;
};

}  // namespace kafka_activator
