// Swapping an activator: its messages are finished or given back, then the source goes on with the
// new plugin.
#pragma once
#include "plugin/ports/swappable_activator_port.hpp"
#include "plugin/ports/swappable_sink_port.hpp"
#include "swap/intake_valve.hpp"
#include "swap/swap_subject.hpp"

namespace spawn {

// The new plugin is created first and started when the old one has stopped: two of them would share
// a port, a consumer group or a cursor. Meanwhile messages wait at their source.
class activator_swap final : public swap_subject {
 public:
  // `sink`: null where nothing is published through the instance.
  activator_swap(plugin_request request, plugin_manager& plugins, const lane_set& lanes,
                 const clock& time, swappable_activator_port& port,
                 std::unique_ptr<intake_valve> of, swappable_sink_port* sink)
      : swap_subject(std::move(request), plugins, lanes, time),
        port_(port),
        intake_(std::move(of)),
        sink_(sink) {}

 private:
  // A plugin with all that the kernel calls it through.
  struct made_ports {
    std::shared_ptr<plugin_instance> instance;
    std::shared_ptr<activator_port> port;
    std::unique_ptr<sink_port> sink;  // null: none
  };
  [[nodiscard]] result<swap_report> change(const loaded_plugin& next,
                                           const swap_limits& limits) override;
  [[nodiscard]] result<made_ports> ports_of(std::shared_ptr<plugin_instance> of) const;
  [[nodiscard]] result<void> drain_intake(const swap_limits& limits);
  // The old one has stopped: `made` starts, and takes over.
  [[nodiscard]] result<void> start(made_ports& made, const swap_limits& limits);
  void take_over(made_ports made, const swap_limits& limits);
  // What is published goes on through the sink that is set.
  void open_sink(const swap_limits& limits);
  void go_on(bool paused);

  swappable_activator_port& port_;
  const std::unique_ptr<intake_valve> intake_;
  swappable_sink_port* const sink_;
};

}  // namespace spawn
