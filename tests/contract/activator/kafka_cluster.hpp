// kafka_cluster: a Kafka cluster as a test sees it, through a client of its own: topics, records,
// and what a group has committed.
#pragma once
#include <librdkafka/rdkafka.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "contract/activator/broker.hpp"

namespace contract {

// Thread: the test's. Each call has its own deadline and throws failed at it.
class kafka_cluster {
 public:
  explicit kafka_cluster(std::string brokers);

  // On clusters that make topics by themselves it is there already; that is fine.
  void make_topic(const std::string& name, int partitions);
  // Returns when the cluster has them.
  void publish(const std::string& topic, std::span<const letter> letters);
  // All that is in the topic, and what comes until there are n, or the patience is over.
  [[nodiscard]] std::vector<letter> read(const std::string& topic, std::size_t n,
                                         std::chrono::milliseconds patience);
  // Records of the topic that the group has not committed.
  [[nodiscard]] std::uint64_t uncommitted(const std::string& topic, const std::string& group);

 private:
  struct destroyed {
    void operator()(rd_kafka_t* p) const noexcept { rd_kafka_destroy(p); }
  };
  using client = std::unique_ptr<rd_kafka_t, destroyed>;
  using setting_list = std::vector<std::pair<std::string, std::string>>;

  [[nodiscard]] client make(rd_kafka_type_t kind, const setting_list& more) const;
  [[nodiscard]] int partitions_of(rd_kafka_t* through, const std::string& topic) const;

  std::string brokers_;
  client producer_;
};

}  // namespace contract
