// Swapping a workflow: steps are pure, so no message waits.
#pragma once
#include "plugin/ports/swappable_workflow_port.hpp"
#include "swap/swap_subject.hpp"

namespace spawn {

class workflow_swap final : public swap_subject {
 public:
  workflow_swap(plugin_request request, plugin_manager& plugins, const lane_set& lanes,
                const clock& time, swappable_workflow_port& port)
      : swap_subject(std::move(request), plugins, lanes, time),
        port_(port),
        live_{{port.now()->front(), serving_}} {}

  void close() override;

 private:
  struct live_version {
    std::shared_ptr<const swappable_workflow_port::version> version;
    std::shared_ptr<plugin_instance> instance;
  };
  [[nodiscard]] result<swap_report> change(const loaded_plugin& next,
                                           const swap_limits& limits) override;
  [[nodiscard]] result<void> check_serves_the_same(const workflow_port& next) const;

  swappable_workflow_port& port_;
  std::vector<live_version> live_;  // the newest first
};

}  // namespace spawn
