// What an instance, its ports and the plugin itself share.
#pragma once
#include <atomic>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "plugin/blocking_pool.hpp"
#include "plugin/call_times.hpp"
#include "plugin/contain.hpp"
#include "plugin/flight_log.hpp"
#include "plugin/host_loop.hpp"
#include "plugin/host_metrics.hpp"
#include "plugin/host_table.hpp"
#include "plugin/isolate/facts.hpp"
#include "plugin/library.hpp"
#include "spawn/plugin/entry.h"

namespace spawn {

// A port as its instance sees it. [control]
class instance_port {
 public:
  virtual ~instance_port() = default;
  // Operations handed to the plugin so far. [any]
  [[nodiscard]] virtual std::uint64_t submitted() const noexcept = 0;
  virtual void add_times(call_times& sum) const noexcept = 0;  // [any]
  // Gates are closed from here on.
  virtual void list_unfinished(std::vector<unfinished_op>& out) const = 0;
  // Calls lane_close where no operation is in flight, each on its own thread.
  [[nodiscard]] virtual result<void> close(bool lanes_run, std::uint64_t limit_ms) = 0;
};

// Shared by plugin_instance and its ports, so that a lane that comes late finds everything in
// place. An instance that hangs is kept until the process ends, with all of this.
struct instance_core {
  // A lane's budget for one call; longer is logged with the plugin's name.
  static constexpr std::uint64_t slow_call_ns = 1 * ns_per_ms;

  instance_core(std::shared_ptr<plugin_library> lib, std::string instance_name, lane_loops on,
                const clock& clk);

  // True while operations may be handed to the plugin. [any]
  [[nodiscard]] bool accepts() const noexcept {
    return accepting.load(std::memory_order_acquire) && !host.faulted();
  }
  // Ends ops that the plugin never saw: UNAVAILABLE or SHUTDOWN, without effect. [any]
  void refuse(std::span<spawn_op* const> ops) const;

  // Calls into the plugin on a kernel thread: measured, and contained. False: it threw, and the
  // instance is faulted. `may_block` calls are not compared with a lane's budget.
  template <class F>
  [[nodiscard]] bool call(call_times& times, const char* what, bool may_block, F&& f) noexcept {
    const std::uint64_t began = time.now_ns();
    const std::string threw = contained(f);
    const std::uint64_t took = time.now_ns() - began;
    times.add(took);
    if (took > slow_call_ns && !may_block) {
      note_slow(what, took);
    }
    if (threw.empty()) {
      return true;
    }
    host.fault(errc::internal, std::string(what) + " " + threw);
    return false;
  }
  void note_slow(const char* what, std::uint64_t took_ns) noexcept;

  // Operations the plugin has now. [any]
  [[nodiscard]] std::uint64_t in_flight() const noexcept;

  const std::shared_ptr<plugin_library> library;
  const std::string name;
  const clock& time;
  const lane_loops loops;
  host_table host;
  host_metrics metrics;
  host_loop loop;
  blocking_pool blocking;
  spawn_instance* raw = nullptr;
  std::shared_ptr<const isolation_facts> process;  // null: in this process. From create on
  std::atomic<bool> accepting{false};
  std::atomic<std::uint64_t> ended_here{0};  // by the kernel, in the plugin's place
  std::atomic<std::uint64_t> slow_calls{0};
  std::atomic<std::uint64_t> failed_publishes{0};
  std::atomic<std::uint64_t> slow_logged_ns{0};
  mutable std::mutex ports_mutex;                   // guards ports: readers are [any]
  std::vector<instance_port*> ports;                // changed by [control]
  std::atomic<std::uint64_t> retired_submitted{0};  // of ports that are gone
};

}  // namespace spawn
