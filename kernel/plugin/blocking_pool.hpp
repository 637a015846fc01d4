// spawn.host.blocking/1: threads for client libraries that block.
#pragma once
#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

#include "spawn/plugin/host.h"

namespace spawn {

class host_table;

// One per instance; its threads are made on first use. Bounded: threads_max running, waiting_max
// waiting, more is refused with EXHAUSTED.
// Life: open from create; stop() after the plugin's own stop, before destroy.
class blocking_pool {
 public:
  static constexpr std::size_t threads_max = 4;
  static constexpr std::size_t waiting_max = 1'024;

  blocking_pool(host_table& host, std::string name);
  ~blocking_pool();
  blocking_pool(const blocking_pool&) = delete;
  blocking_pool& operator=(const blocking_pool&) = delete;

  [[nodiscard]] spawn_status run(spawn_task_fn fn, void* arg) noexcept;  // [any]
  // Runs what waits and ends the threads. False: one is still inside the plugin after limit_ms;
  // it goes on, and all it uses has to stay. [control]
  [[nodiscard]] bool stop(std::uint64_t limit_ms);

 private:
  struct shared;
  std::shared_ptr<shared> shared_;
};

}  // namespace spawn
