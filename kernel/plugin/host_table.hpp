// The kernel as one plugin instance sees it: spawn_host and the interfaces behind it.
#pragma once
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "plugin/call_times.hpp"
#include "plugin/ports/op.hpp"
#include "plugin/status.hpp"
#include "spawn/plugin/host.h"

namespace spawn {

class host_metrics;
class host_loop;
class blocking_pool;
class transport_sink;
class activator_listener;

struct host_block;  // what the plugin has a pointer to; never freed

// What the interfaces of a host are made of; those not set are not offered. Borrowed.
struct host_services {
  host_metrics* metrics = nullptr;
  host_loop* loop = nullptr;
  blocking_pool* blocking = nullptr;
  std::atomic<transport_sink*> transport{nullptr};
  std::atomic<activator_listener*> activator{nullptr};
  // What its kind is offered: the one who listens comes later, the plugin may ask now.
  bool is_transport = false;
  bool is_activator = false;
};

// One per instance (and one per library, for init). Counts what the plugin does and contains what
// it should not do: a second completion, a call after destroy, a null pointer.
// Life: made before create, dies after destroy; from then on every call of the plugin finds a
// closed block and is only counted. Thread: [any] unless it says otherwise.
class host_table {
 public:
  struct health_state {
    bool serving = true;
    std::string why;
    bool is_told = false;  // by the plugin; before that it counts as serving
  };

  host_table(std::string plugin, std::string instance, const clock& time);
  ~host_table();
  host_table(const host_table&) = delete;
  host_table& operator=(const host_table&) = delete;

  [[nodiscard]] const spawn_host* table() const noexcept;
  // Destroy has returned: calls of the plugin find nobody from here on. [control]
  void close() noexcept;
  [[nodiscard]] const std::string& plugin() const noexcept { return plugin_; }
  [[nodiscard]] const std::string& instance() const noexcept { return instance_; }
  [[nodiscard]] const clock& time() const noexcept { return time_; }
  host_services services;  // [control], before create

  // --- what the plugin calls ---
  void complete(spawn_op* const* ops, std::uint32_t n) noexcept;
  void fault(errc why, std::string text) noexcept;
  void health(bool serving, std::string why);

  // --- what the kernel asks ---
  [[nodiscard]] bool faulted() const noexcept { return faulted_.load(std::memory_order_acquire); }
  [[nodiscard]] error fault_cause() const;
  [[nodiscard]] health_state health() const;
  [[nodiscard]] std::uint64_t completed() const noexcept { return completed_.load(); }
  // Of those, the ones that ended as an operation of a plugin that works does not.
  [[nodiscard]] std::uint64_t failed() const noexcept { return failed_.load(); }
  // From submit to end, of one in sample_every; of each call to complete() once watched.
  [[nodiscard]] const call_times& op_times() const noexcept { return op_times_; }
  void watch(bool on) noexcept { sample_mask_.store(on ? 0 : sample_every - 1); }
  [[nodiscard]] std::uint64_t double_completions() const noexcept { return doubles_.load(); }
  // Waits until `done` holds; it is looked at after each completion. [control]
  template <class Done>
  [[nodiscard]] bool wait_completions(std::uint64_t limit_ms, Done done) {
    waiters_.fetch_add(1);
    std::unique_lock hold(mutex_);
    const bool ok = changed_.wait_for(hold, std::chrono::milliseconds(limit_ms), done);
    hold.unlock();
    waiters_.fetch_sub(1);
    return ok;
  }
  // Calls of plugins that came after destroy, in this process.
  [[nodiscard]] static std::uint64_t late_calls() noexcept;

 private:
  const std::string plugin_;
  const std::string instance_;
  const clock& time_;
  host_block* block_;
  static constexpr std::uint64_t sample_every = 16;
  std::atomic<std::uint64_t> completed_{0};
  std::atomic<std::uint64_t> failed_{0};
  std::atomic<std::uint64_t> sample_mask_{sample_every - 1};
  call_times op_times_;
  std::atomic<std::uint64_t> doubles_{0};
  std::atomic<std::uint32_t> waiters_{0};
  std::atomic<bool> faulted_{false};
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  error fault_cause_;
  health_state health_;
};

// The host_table behind a spawn_host, or nothing after destroy. For the interfaces' functions.
[[nodiscard]] host_table* owner_of(const spawn_host* h) noexcept;

}  // namespace spawn
