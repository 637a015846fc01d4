// spawn.host.loop/1: posts, timers and file descriptors on the kernel's lanes.
#pragma once
#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <vector>

#include "lane/lane_set.hpp"
#include "plugin/lane_io.hpp"
#include "spawn/plugin/host.h"

namespace spawn {

class host_table;

// The lanes of a kernel with their event loops; io may be shorter than lanes, or hold nulls.
// Borrowed, immutable.
struct lane_loops {
  const lane_set* lanes = nullptr;
  std::vector<lane_io*> io;
};

// One per instance. What a lane's thread touches lies in a slot of that lane.
// Life: open from create; close_lane on every lane (or close() when no lane runs any more) before
// destroy; afterwards nothing that was posted reaches the plugin.
class host_loop {
 public:
  host_loop(host_table& host, lane_loops loops);
  ~host_loop();
  host_loop(const host_loop&) = delete;
  host_loop& operator=(const host_loop&) = delete;

  void post(std::uint32_t lane, spawn_task_fn fn, void* arg) noexcept;  // [any]
  std::uint64_t arm(std::uint32_t lane, std::uint64_t at_ns, spawn_task_fn fn,
                    void* arg);                                // [lane]
  void cancel(std::uint32_t lane, std::uint64_t id) noexcept;  // [lane]
  [[nodiscard]] spawn_status watch(std::uint32_t lane, int fd, std::uint32_t events,
                                   spawn_task_fn fn, void* arg) noexcept;  // [lane]
  void unwatch(std::uint32_t lane, int fd) noexcept;                       // [lane]

  void close_lane(std::uint32_t lane) noexcept;  // cancels all of it [lane]

 private:
  struct plugin_timer;
  struct slot {
    std::map<std::uint64_t, std::unique_ptr<plugin_timer>> timers;
    std::set<int> fds;
    std::uint64_t last_id = 0;
    bool closed = false;
  };
  // Outlives the instance in the tasks that are still on their way.
  struct shared {
    host_table* host = nullptr;
    std::vector<slot> slots;
  };
  [[nodiscard]] bool known(std::uint32_t lane, const char* what) noexcept;
  static void call(host_table& host, spawn_task_fn fn, void* arg, std::uint32_t events) noexcept;

  lane_loops loops_;
  std::shared_ptr<shared> shared_;
};

}  // namespace spawn
