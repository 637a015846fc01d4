// consumer: this instance's membership in its consumer group, and the records it reads.
//
// Partitions come and go while records are read, and never at another time. One that comes is
// opened in the intake. Before one goes, its offered records get revoke_wait_ms to be settled and
// what is settled is committed; then the intake forgets it, and late verdicts find nothing.
//
// Life: one for each client handle; after failed() it is destroyed and made anew. Thread: the
// session's. What is read ahead is bounded by prefetch_messages and prefetch_kbytes.
#pragma once
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "broker_statistics.hpp"
#include "client.hpp"
#include "committer.hpp"
#include "intake.hpp"

namespace kafka_activator {

class consumer final : private client_events {
 public:
  struct surroundings {
    spawn::plugin::host_ref host;
    const settings& config;
    intake& records;
    int wake;  // an eventfd
    // Waits for verdicts and obeys them, at most that long.
    std::function<void(std::chrono::milliseconds)> settle_for;
  };

  // Throws refused: the config can not be served.
  explicit consumer(surroundings around);
  ~consumer() override;

  // Whether records are wanted. Without, partitions are paused and what was read ahead is dropped.
  void flow(bool open);
  // Takes the next record into the intake, or serves the group's business; false when there is
  // neither. A partition that is max_ahead of its first unsettled record pauses.
  [[nodiscard]] bool read();
  // Stores what is to be committed, and lets partitions go on that were too far ahead.
  void turn();
  // Kafka has been told of everything that is settled.
  [[nodiscard]] bool all_committed() const;
  // Leaves the group.
  void close(std::chrono::milliseconds limit);

  // It can do nothing any more; the text says why.
  [[nodiscard]] const std::optional<std::string>& failed() const noexcept { return fatal_; }
  // Empty: connected, and all topics are there.
  [[nodiscard]] std::string trouble() const;
  [[nodiscard]] bool connected() const noexcept { return statistics_.connected; }
  [[nodiscard]] const broker_statistics& latest() const noexcept { return statistics_; }
  [[nodiscard]] const std::vector<partition_name>& partitions() const noexcept { return mine_; }
  [[nodiscard]] rd_kafka_t* raw() const noexcept { return client_.get(); }

 private:
  void failed(rd_kafka_resp_err_t code, const std::string& why) override;
  void rebalanced(rd_kafka_resp_err_t what, rd_kafka_topic_partition_list_t& which) override;
  void committed(rd_kafka_resp_err_t err,
                 const rd_kafka_topic_partition_list_t* positions) override;
  void statistics(std::string_view json) override;

  void gained(rd_kafka_topic_partition_list_t& which);
  void losing(rd_kafka_topic_partition_list_t& which);
  void lost_all();
  void settle_and_commit(const std::vector<partition_name>& names);
  void apply_pauses(const std::vector<partition_name>& fresh = {});
  void read_failed(const rd_kafka_message_t& raw);

  surroundings around_;
  std::optional<std::string> fatal_;
  std::map<std::string, std::string> troubles_;  // by topic
  broker_statistics statistics_;
  std::string last_error_;  // of the client, while it is not connected
  std::vector<partition_name> mine_;
  std::set<partition_name> paused_;  // as the client was told, of lost ones too
  bool open_ = false;
  bool closing_ = false;
  client_ptr client_;
  std::optional<committer> commits_;  // ends before the client, on which it has a queue
};

}  // namespace kafka_activator
