// Parts of a kernel in one thread, for programs that measure them alone.
#pragma once
#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "lane/lane_set.hpp"
#include "plugin/manager.hpp"
#include "plugin/ports/make_ports.hpp"

namespace spawn::bench {

// A lane whose turns happen when it is told to.
class hand_lane final : public lane {
 public:
  explicit hand_lane(const clock& time) : lane(0, time, 1) {}
  void turn() { run_turn(); }
  // Turns until nothing is left to do.
  void drive() {
    while (run_turn() != 0 || has_inbox()) {
    }
  }

 protected:
  void wake() noexcept override {}
};

// Life: made, used, destroyed by one thread. Owns the lane, the plugin's copy and its instance.
class rig {
 public:
  // Ends the program with a message when the plugin can not be had.
  rig(const std::filesystem::path& plugins, std::string plugin, std::string config_json,
      bool in_own_process = false);
  ~rig();
  rig(const rig&) = delete;
  rig& operator=(const rig&) = delete;

  [[nodiscard]] hand_lane& home() noexcept { return lane_; }
  [[nodiscard]] statestore_port& store() noexcept { return *port_; }

 private:
  system_clock time_;
  hand_lane lane_{time_};
  lane_set lanes_{{&lane_}};
  std::filesystem::path folder_;
  std::unique_ptr<plugin_manager> manager_;
  std::unique_ptr<statestore_port> port_;
};

[[noreturn]] void give_up(std::string_view why);

// Seconds since `from`.
[[nodiscard]] inline double seconds_since(std::chrono::steady_clock::time_point from) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - from).count();
}

}  // namespace spawn::bench
