// The composition root: builds a kernel from a typed configuration, starts and stops it in order.
#pragma once
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "admin/admin_server.hpp"
#include "app/lane_stack.hpp"
#include "base/result.hpp"
#include "config/settings.hpp"
#include "ingress/http_server.hpp"
#include "intake/intake.hpp"
#include "native/live_types.hpp"
#include "plugin/manager.hpp"
#include "plugin/ports/make_ports.hpp"
#include "plugin/ports/swappable_activator_port.hpp"
#include "plugin/ports/swappable_sink_port.hpp"
#include "plugin/ports/swappable_store_port.hpp"
#include "plugin/ports/swappable_transport_port.hpp"
#include "plugin/ports/swappable_workflow_port.hpp"
#include "router/policies.hpp"
#include "router/retention.hpp"
#include "swap/plugin_swaps.hpp"

namespace spawn {

// Life: start() once; serves until stop(); destroyed afterwards. Start: port check, plugins, lanes,
// recovery of registrations, listeners, ready. Stop: readiness down, service goes on for a while,
// nothing new, everything saved, plugins, lanes. [control]
class kernel {
 public:
  // `request_stop` is called, from any thread, when somebody asks for a graceful stop.
  kernel(config::settings settings, std::string config_path, std::string version,
         std::function<void()> request_stop);
  ~kernel();
  kernel(const kernel&) = delete;
  kernel& operator=(const kernel&) = delete;

  [[nodiscard]] result<void> start();
  // Stores, registrations and the admin API alone: no listener, no timers, never ready. For work on
  // records while no service runs.
  [[nodiscard]] result<void> start_maintenance();
  // Readiness goes down; requests are still served (protocol.md 9.5 [K]).
  void begin_drain() noexcept { state_.draining = true; }
  // Refuses what is new, finishes what is under way, saves everything. An error says what could
  // not be finished by the deadline.
  [[nodiscard]] result<void> stop();

  [[nodiscard]] const config::settings& settings() const noexcept { return settings_; }

 private:
  [[nodiscard]] result<void> start_parts(bool serves);
  [[nodiscard]] result<void> load_plugins();
  [[nodiscard]] result<void> make_sealer();
  [[nodiscard]] host_link& add_natives(lane_stack& stack, asio_lane& home,
                                       const cell_options& cells);
  void connect_natives();
  [[nodiscard]] cell_options cell_options_from() const;
  void build_lane(std::size_t index, std::uint64_t incarnation, std::unique_ptr<lane_sealer> keys);
  [[nodiscard]] result<void> recover(bool serves);
  [[nodiscard]] result<void> listen();
  [[nodiscard]] result<void> make_sinks();
  [[nodiscard]] result<void> make_intakes();
  [[nodiscard]] result<void> start_activators();
  [[nodiscard]] result<void> drain_activators();
  [[nodiscard]] result<void> start_admin();
  [[nodiscard]] std::unique_ptr<plugin_swaps> make_swaps();
  void leave_groups();
  [[nodiscard]] result<void> drain_lanes();
  void stop_lanes();

  config::settings settings_;
  const std::string config_path_;
  const std::string version_;
  std::function<void()> request_stop_;
  system_clock time_;
  kernel_state state_;
  byte_budget budget_;
  std::vector<std::unique_ptr<gateway>> gates_;  // sessions end with their lane's event loop
  std::vector<std::unique_ptr<asio_lane>> threads_;
  std::unique_ptr<lane_set> lanes_;
  std::vector<std::unique_ptr<lane_io>> lane_ios_;
  std::unique_ptr<plugin_manager> plugins_;
  std::vector<std::unique_ptr<swappable_store_port>> stores_;
  std::vector<std::unique_ptr<swappable_workflow_port>> workflows_;
  std::vector<std::unique_ptr<actors_port>> natives_;
  std::vector<std::unique_ptr<live_types>> live_types_;  // by native plugin
  std::unique_ptr<swappable_transport_port> transport_;
  std::vector<std::unique_ptr<swappable_activator_port>> activators_;
  std::map<std::string, std::unique_ptr<swappable_sink_port>> sink_ports_;  // by instance
  sink_directory sinks_;
  std::unique_ptr<sealer> sealer_;
  std::unique_ptr<policies> policies_;
  std::unique_ptr<host_breakers> breakers_;
  bool has_guards_ = false;
  std::vector<std::unique_ptr<lane_stack>> stacks_;
  std::vector<std::unique_ptr<intake>> intakes_;  // by activator
  std::unique_ptr<registrar> registrar_;
  std::unique_ptr<retention> retention_;  // on lane 0
  std::unique_ptr<unix_listener> unix_;
  std::unique_ptr<lane_sealer> admin_keys_;
  std::unique_ptr<record_codec> admin_codec_;
  std::unique_ptr<row_codec> admin_rows_;
  std::unique_ptr<plugin_swaps> swaps_;
  std::unique_ptr<admin_context> admin_context_;
  std::unique_ptr<admin_server> admin_;
  protocol_switches rules_;
  std::uint64_t started_ns_ = 0;
  bool lanes_running_ = false;
};

}  // namespace spawn
