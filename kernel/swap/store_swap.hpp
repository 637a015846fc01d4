// Swapping a statestore: operations wait on their lanes while the old plugin finishes.
#pragma once
#include "plugin/ports/swappable_store_port.hpp"
#include "swap/swap_subject.hpp"

namespace spawn {

// The new plugin is started beside the old one; where the data can be had by one instance at a time
// ("exclusive" in the manifest), after it. A store that keeps its records in memory hands them
// over, see plugin/ports/store_handoff.hpp, or is refused.
class store_swap final : public swap_subject {
 public:
  store_swap(plugin_request request, plugin_manager& plugins, const lane_set& lanes,
             const clock& time, swappable_store_port& port)
      : swap_subject(std::move(request), plugins, lanes, time), port_(port) {}

 private:
  using port_ptr = std::shared_ptr<statestore_port>;
  [[nodiscard]] result<swap_report> change(const loaded_plugin& next,
                                           const swap_limits& limits) override;
  [[nodiscard]] bool is_volatile() const;
  [[nodiscard]] result<port_ptr> port_of(plugin_instance& next) const;
  // The old one ends, and the new one starts where it could not before. The gates are closed.
  [[nodiscard]] result<void> hand_over(plugin_instance& next, bool exclusive,
                                       const swap_limits& limits);
  // An error has left the old one as it can: what serves now.
  [[nodiscard]] result<port_ptr> fall_back(const error& why, const swap_limits& limits);
  void open(const port_ptr& to, const std::shared_ptr<swap_waits>& waits,
            const swap_limits& limits);

  swappable_store_port& port_;
};

}  // namespace spawn
