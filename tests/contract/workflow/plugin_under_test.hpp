// plugin_under_test: one workflow plugin, loaded and started, behind a host that counts.
//
// What for: the contract suite talks to a plugin through the C ABI alone, as the kernel does.
// Life cycle: open() maps the .so and makes and starts an instance; the destructor stops and
// destroys it (the library stays mapped). Thread: run() on any thread, one lane number per thread.
#pragma once
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "contract/workflow/step.hpp"
#include "spawn/plugin/workflow.h"

namespace spawn::contract {

// The outcome of one step, copied out of the plugin's memory, which is released.
struct step_outcome {
  spawn_status status = -1;
  std::string error;
  std::vector<command> commands;
  std::uint32_t completions = 0;
  bool inside_submit = false;  // completed before submit returned
  bool out_untouched = true;   // an error left the out fields as they came

  // Status, text and every field of every command; equal iff nothing differs.
  [[nodiscard]] std::string fingerprint() const;
};

class plugin_under_test {
 public:
  // Throws std::runtime_error naming the file and the step that failed.
  static std::unique_ptr<plugin_under_test> open(const std::string& file,
                                                 const std::string& config_json = "{}");
  // Of a library that is open already; `file` is for texts.
  static std::unique_ptr<plugin_under_test> of(const spawn_plugin_entry* entry,
                                               const std::string& file,
                                               const std::string& config_json = "{}");
  ~plugin_under_test();
  plugin_under_test(const plugin_under_test&) = delete;
  plugin_under_test& operator=(const plugin_under_test&) = delete;

  // One submit with all steps, in order.
  [[nodiscard]] std::vector<step_outcome> run(std::vector<step>& steps, std::uint32_t lane = 0);
  [[nodiscard]] step_outcome run(const step& one, std::uint32_t lane = 0);

  [[nodiscard]] const std::vector<std::string>& part_types() const { return part_types_; }
  [[nodiscard]] const std::vector<std::string>& virtual_parents() const { return parents_; }
  // What describe() gives; "INVALID" if it says so.
  [[nodiscard]] std::string describe(std::uint32_t schema, const std::string& scratch) const;
  [[nodiscard]] const spawn_workflow& table() const { return *table_; }
  [[nodiscard]] spawn_instance* instance() const { return instance_; }
  [[nodiscard]] const std::vector<std::string>& faults() const { return faults_; }

 private:
  plugin_under_test();
  void life_cycle(void (*call)(spawn_instance*, spawn_op*), const char* name);

  static void on_complete(const spawn_host* h, spawn_op* const* ops, std::uint32_t n);
  static void on_fault(const spawn_host* h, spawn_status why, spawn_slice msg);

  spawn_host host_{};
  std::string file_;
  spawn_instance* instance_ = nullptr;
  const spawn_plugin_entry* entry_ = nullptr;
  const spawn_workflow* table_ = nullptr;
  std::vector<std::string> part_types_, parents_;
  std::mutex faults_mutex_;
  std::vector<std::string> faults_;
  bool started_ = false;
};

}  // namespace spawn::contract
