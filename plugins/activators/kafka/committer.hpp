// committer: tells Kafka how far each partition is settled. What is settled is stored in the
// client, whose own timer commits it while the group is at rest. (A commit that is sent while the
// group gives its partitions out anew carries a generation that has ended, for which the client
// would give up all partitions as lost.) Before a partition goes, its last position is committed
// and waited for.
//
// Thread: the session's. Borrows the client for life.
#pragma once
#include <chrono>
#include <cstdint>
#include <map>
#include <vector>

#include "client.hpp"
#include "intake.hpp"

namespace kafka_activator {

class committer {
 public:
  committer(spawn::plugin::host_ref host, rd_kafka_t* client, const intake& ledgers, int wake);
  committer(const committer&) = delete;
  committer& operator=(const committer&) = delete;
  ~committer();

  // Stores what has been settled since.
  void store(const std::vector<partition_name>& mine);
  // Commits these and waits for the answer; what is not answered in time goes unsaid.
  void finish(const std::vector<partition_name>& these, std::chrono::milliseconds limit);
  // Somebody else's now: what was committed of it is not known any more.
  void forget(const partition_name& name);
  // Of a commit; `positions` may be null. What failed is told again with the next one.
  void answered(rd_kafka_resp_err_t err, const rd_kafka_topic_partition_list_t* positions);
  // Every settled position of these has been told.
  [[nodiscard]] bool level_with(const std::vector<partition_name>& these) const;

 private:
  using position_map = std::map<partition_name, std::int64_t>;
  // Positions of these that are beyond what is in `known`.
  [[nodiscard]] list_ptr news(const std::vector<partition_name>& of,
                              const position_map& known) const;

  spawn::plugin::host_ref host_;
  rd_kafka_t* client_;
  const intake& ledgers_;
  queue_ptr answers_;
  position_map stored_, told_;
  bool under_way_ = false;  // a commit of finish()
  bool troubled_ = false;
};

}  // namespace kafka_activator
