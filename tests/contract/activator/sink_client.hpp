// sink_client: hands messages to the sink of an instance and waits for what becomes of them.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "contract/activator/broker.hpp"
#include "contract/activator/source_client.hpp"
#include "spawn/plugin/sink.h"

namespace contract {

struct sink_result {
  spawn_status status = SPAWN_E_INTERNAL;
  std::string error;
};

// Life: opens the sink's lane 0 on an instance that outlives it. Thread: one test thread.
class sink_client {
 public:
  explicit sink_client(source_client& on);
  ~sink_client();
  sink_client(const sink_client&) = delete;
  sink_client& operator=(const sink_client&) = delete;

  // One submit with all of them; returns when each has ended. Their keys have to be different, or
  // empty. deadline_ns: host clock, 0 is none.
  std::vector<sink_result> send(const std::string& destination, const std::vector<letter>& letters,
                                std::uint64_t deadline_ns = 0);
  sink_result send_one(const std::string& destination, const letter& one,
                       std::uint64_t deadline_ns = 0);
  [[nodiscard]] std::uint64_t capabilities() const;
  [[nodiscard]] std::uint64_t now_ns() const { return on_.host().clock.now_ns(); }

 private:
  struct flying;
  source_client& on_;
  const spawn_sink* table_;
  spawn_sink_lane* lane_ = nullptr;
};

}  // namespace contract
