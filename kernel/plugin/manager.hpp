// All plugins of a kernel: from the configuration's names to running instances, and down again.
#pragma once
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "plugin/instance.hpp"
#include "plugin/store_dir.hpp"

namespace spawn {

struct plugin_manager_options {
  std::vector<std::filesystem::path> paths;  // absolute; searched in order
  std::filesystem::path store_dir;           // absolute, private; made when missing
  trust_policy trust = {};
  std::uint64_t create_limit_ms = 1'000;
};

// One instance of the configuration.
struct plugin_request {
  std::string kind;     // "statestore", "transport", "workflow", ...
  std::string use;      // plugin name: "sqlite"
  std::string version;  // range, empty: any
  std::string instance;
  std::string config_json = "{}";
  secret_list secrets;
  std::string sha256;  // pin, empty: none
  std::string path{};  // of the file, in place of a version; empty: looked for by name
  std::optional<isolation_limits> process{};  // in a process of its own, with these limits
};

// For the admin API.
struct plugin_info {
  std::string kind, name, version, license, instance;
  std::string path;  // as resolved, empty for built-in ones
  std::string sha256;
  file_signature signature;
  std::string state;  // "started", ...
  bool serving = false;
  bool faulted = false;
  std::string why;  // when not serving
  std::vector<lint_finding> warnings;
  instance_counters counters;
  bool isolated = false;  // what follows is of its process
  std::int64_t pid = 0;   // 0: there is none now
  std::uint64_t restarts = 0;
  std::string last_cause{};  // why the last one ended
  std::string sandbox{};
};

// What a kernel knows of one instance besides its request: the file that was loaded for it.
struct loaded_plugin {
  std::shared_ptr<plugin_library> library;
  std::shared_ptr<plugin_instance> instance;
};

// Owns libraries and instances. Life: load everything, make ports, start_all, ... stop_all while
// the lanes still run, destroy the ports, destroy this. The clock has to last until the process
// ends, for the sake of plugins that hang. Thread: [control], one at a time, but where it says
// [any].
class plugin_manager {
 public:
  plugin_manager(plugin_manager_options options, lane_loops loops, const clock& time);
  ~plugin_manager();

  // Resolve, load (each content once per process), create. The instance lives as long as this.
  [[nodiscard]] result<plugin_instance*> load(const plugin_request& request);
  [[nodiscard]] result<plugin_instance*> load(std::string kind, std::string use,
                                              std::string version, std::string instance,
                                              std::string config_json, secret_list secrets,
                                              std::string sha256) {
    return load({std::move(kind), std::move(use), std::move(version), std::move(instance),
                 std::move(config_json), std::move(secrets), std::move(sha256)});
  }
  // The same for a library that is here already, such as a built-in one.
  [[nodiscard]] result<plugin_instance*> load(std::shared_ptr<plugin_library> library,
                                              const plugin_request& request);

  // One that is not in the list: to take the place of another, see replace().
  [[nodiscard]] result<loaded_plugin> load_apart(const plugin_request& request);
  [[nodiscard]] result<loaded_plugin> load_apart(std::shared_ptr<plugin_library> library,
                                                 const plugin_request& request);
  // Puts it in the list where `old` is, which is handed out and is the caller's to stop.
  [[nodiscard]] std::shared_ptr<plugin_instance> replace(const plugin_instance& old,
                                                         std::shared_ptr<plugin_instance> by);

  // Those that are not started yet, but for one kind, in order of loading; the first failure ends
  // it, and what has started goes on until stop_all.
  [[nodiscard]] result<void> start_all(std::uint64_t limit_ms, std::string_view but_not = {});
  // Quiesces all, drains all, stops all, last loaded first; goes on after a failure and gives the
  // first. limit_ms is for each step of each instance.
  [[nodiscard]] result<void> stop_all(std::uint64_t limit_ms);
  // See plugin_instance::lanes_stopped.
  void lanes_stopped() noexcept;

  // [any], as the two after it
  [[nodiscard]] std::shared_ptr<plugin_instance> find(std::string_view kind,
                                                      std::string_view instance) const;
  [[nodiscard]] std::vector<plugin_info> list() const;
  [[nodiscard]] std::vector<std::shared_ptr<plugin_instance>> instances() const;

 private:
  [[nodiscard]] result<std::shared_ptr<plugin_library>> library_for(const plugin_request& request);
  [[nodiscard]] result<std::shared_ptr<plugin_instance>> create(
      std::shared_ptr<plugin_library> library, const plugin_request& request);

  const plugin_manager_options options_;
  const lane_loops loops_;
  const clock& time_;
  std::optional<store_dir> store_;
  std::map<std::filesystem::path, std::shared_ptr<plugin_library>> libraries_;  // by store path
  mutable std::mutex mutex_;                                                    // guards instances_
  std::vector<std::shared_ptr<plugin_instance>> instances_;
};

}  // namespace spawn
