// One plugin instance: a block of the configuration, running.
#pragma once
#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "plugin/config_check.hpp"
#include "plugin/instance_core.hpp"
#include "plugin/isolate/limits.hpp"
#include "spawn/plugin/statestore.h"

namespace spawn {

struct instance_options {
  std::string name;
  std::string config_json = "{}";
  secret_list secrets;
  lane_loops loops;
  std::uint64_t create_limit_ms = 1'000;  // also init, and destroy
  isolation_limits process{};             // of a library that is apart
};

// What drain left: operations the plugin never ended.
struct drain_report {
  std::vector<unfinished_op> never_ended;
};

struct instance_counters {
  std::uint64_t submitted = 0;
  std::uint64_t completed = 0;
  std::uint64_t double_completions = 0;
  std::uint64_t in_flight = 0;
  std::uint64_t slow_calls = 0;
  std::uint64_t failed_publishes = 0;
  std::uint64_t calls = 0;
  std::uint64_t call_p50_ns = 0;
  std::uint64_t call_p99_ns = 0;
  std::uint64_t call_max_ns = 0;
};

// Life: created -> started -> quiesced -> drained -> stopped -> destroyed; quiesced -> started
// again. A failed step leaves the state; stop may come from any. The destructor stops what is left
// and destroys. An instance that hangs in a call, or keeps operations for ever, is not destroyed
// but kept until the process ends, with its code.
// Thread: [control]; every call waits, at most for its limit. Calls into the plugin run on a short
// thread "sp.<instance>", so that one that hangs does not hang the kernel.
class plugin_instance {
 public:
  enum class state { created, started, quiesced, drained, stopped };

  // Config check, init, create, interface. Errors name subject, step and cause.
  [[nodiscard]] static result<std::unique_ptr<plugin_instance>> create(
      std::shared_ptr<plugin_library> library, const clock& time, instance_options options);
  ~plugin_instance();
  plugin_instance(const plugin_instance&) = delete;
  plugin_instance& operator=(const plugin_instance&) = delete;

  [[nodiscard]] result<void> start(std::uint64_t limit_ms);
  // Closes the gates (a task on every lane, all waited for), then tells the plugin.
  [[nodiscard]] result<void> quiesce(std::uint64_t limit_ms);
  // Waits until the plugin has settled everything. Operations that never ended are in the report,
  // logged and counted; they do not keep the instance from stopping.
  [[nodiscard]] result<drain_report> drain(std::uint64_t limit_ms);
  [[nodiscard]] result<void> stop(std::uint64_t limit_ms);
  // Nobody drives the lanes any more: what has to be done on them is done here from now on.
  void lanes_stopped() noexcept { lanes_run_ = false; }

  [[nodiscard]] const std::string& name() const noexcept { return core_->name; }
  [[nodiscard]] const plugin_manifest& manifest() const noexcept {
    return core_->library->manifest();
  }
  [[nodiscard]] const plugin_library& library() const noexcept { return *core_->library; }
  // Of an instance in a process of its own; null: it is in this one.
  [[nodiscard]] const isolation_facts* process() const noexcept { return core_->process.get(); }
  [[nodiscard]] state now() const noexcept { return state_.load(); }
  [[nodiscard]] bool faulted() const noexcept { return core_->host.faulted(); }
  [[nodiscard]] host_table::health_state health() const { return core_->host.health(); }
  [[nodiscard]] instance_counters counters() const;
  [[nodiscard]] std::vector<metric_family> metrics() const { return core_->metrics.snapshot(); }
  void add_call_times(call_times& sum) const noexcept;

  // For ports. [control]
  [[nodiscard]] const std::shared_ptr<instance_core>& core() const noexcept { return core_; }
  // Table of an interface id, or NULL.
  [[nodiscard]] const void* find_interface(const char* id) const noexcept;

  // spawn.statestore.admin/1, where the instance has it; unsupported otherwise. Waits.
  enum class admin_call { schema_text, migrate, stats };
  [[nodiscard]] result<std::string> ask_admin(admin_call what, std::uint64_t limit_ms);

 private:
  using control_op = pinned<spawn_ss_admin>;  // a step of its life needs the header alone
  using step_fn = unique_function<void(spawn_instance*, spawn_ss_admin*)>;
  using life_fn = void (*)(spawn_instance*, spawn_op*);

  explicit plugin_instance(std::shared_ptr<instance_core> core) : core_(std::move(core)) {}
  [[nodiscard]] result<void> run_step(const char* what, life_fn step, std::uint64_t limit_ms);
  [[nodiscard]] result<std::string> run_control(const char* what, step_fn step,
                                                std::uint64_t limit_ms);
  [[nodiscard]] result<void> close_gates(std::uint64_t limit_ms);
  [[nodiscard]] bool hangs() const noexcept;
  void destroy();

  std::shared_ptr<instance_core> core_;
  std::atomic<state> state_ = state::created;  // written by [control]
  bool lanes_run_ = true;
  bool inside_ = false;  // a call into the plugin never returned
  std::uint64_t destroy_limit_ms_ = 1'000;
  std::uint64_t last_step_id_ = 0;
  std::shared_ptr<std::deque<control_op>> steps_ = std::make_shared<std::deque<control_op>>();
};

[[nodiscard]] std::string_view name(plugin_instance::state state) noexcept;

}  // namespace spawn
