// lag_watch: tells the kernel how many records wait in the partitions of this member, and how old
// the oldest is that it holds. Positions are those of the ledgers: a record waits until it is
// settled.
//
// Thread: the session's. While partitions are paused the client learns no new ends, so they are
// asked for, which may block for ask_limit.
#pragma once
#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "client.hpp"
#include "intake.hpp"
#include "spawn/plugin/cpp/activator.hpp"

namespace kafka_activator {

class lag_watch {
 public:
  static constexpr std::chrono::milliseconds ask_limit{300};

  lag_watch(spawn::plugin::activator_host host, const intake& ledgers)
      : host_(host), ledgers_(ledgers) {}

  // Where partitions begin that nothing has been read of.
  void starts(std::map<partition_name, std::int64_t> at) { starts_ = std::move(at); }

  // At most once a second. `ask`: the broker can be asked, and has to be.
  void turn(rd_kafka_t* client, const std::vector<partition_name>& mine, bool ask);

 private:
  struct topic_lag {
    std::uint64_t messages = 0;
    std::int64_t oldest_unix_ms = INT64_MAX;
    bool known = true;
  };

  void ask_ends(rd_kafka_t* client, const std::vector<partition_name>& mine);
  void add(rd_kafka_t* client, const partition_name& name, topic_lag& to);
  void tell(const std::string& topic, const topic_lag& lag);

  spawn::plugin::activator_host host_;
  const intake& ledgers_;
  std::map<partition_name, std::int64_t> starts_, ends_;
  std::uint64_t next_ns_ = 0;
};

}  // namespace kafka_activator
