// An instance that can be swapped, and how that is done for its kind.
#pragma once
#include <cstdint>
#include <memory>
#include <string>

#include "plugin/lane_barrier.hpp"
#include "plugin/manager.hpp"
#include "swap/swap_order.hpp"

namespace spawn {

struct swap_limits {
  std::uint64_t lane_ms = 5'000;  // for a lane to come round
  std::uint64_t start_ms = 10'000;
  std::uint64_t stop_ms = 5'000;  // each of quiesce, drain and stop
  std::uint64_t drain_ms = 5'000;
};

// Life: as long as the kernel's plugins; all calls from one thread, the swaps' own. [control]
class swap_subject {
 public:
  swap_subject(plugin_request request, plugin_manager& plugins, const lane_set& lanes,
               const clock& time);
  virtual ~swap_subject() = default;
  swap_subject(const swap_subject&) = delete;
  swap_subject& operator=(const swap_subject&) = delete;

  [[nodiscard]] const plugin_request& request() const noexcept { return request_; }
  [[nodiscard]] const std::shared_ptr<plugin_instance>& serving() const noexcept {
    return serving_;
  }
  // The file that served before the last swap; null: there was none.
  [[nodiscard]] const std::shared_ptr<plugin_library>& before() const noexcept { return before_; }

  // On success `next` serves. On failure the old one serves as before, or, where it had to be
  // stopped first, one made afresh of the same file; the error says if even that failed.
  [[nodiscard]] result<swap_report> swap_to(loaded_plugin next, const swap_limits& limits);
  // Stops what is not in the manager's list. While the lanes still run.
  virtual void close() {}
  // Stops what has nothing more to do. True: there is still some that has.
  virtual bool tend() { return false; }

 protected:
  // Leaves `serving_` to its caller.
  [[nodiscard]] virtual result<swap_report> change(const loaded_plugin& next,
                                                   const swap_limits& limits) = 0;

  // The new one is told of in the manager's list.
  void enlist(std::shared_ptr<plugin_instance> next);
  // Quiesce, drain, stop; what fails is logged.
  void retire(plugin_instance& old, const swap_limits& limits) const;
  // Another instance of the file that serves.
  [[nodiscard]] result<loaded_plugin> again() const;
  // Waits until the plugin has no operation.
  [[nodiscard]] result<void> await_idle(const plugin_instance& of, std::uint64_t limit_ms) const;
  [[nodiscard]] result<void> on_lanes(const swap_limits& limits,
                                      unique_function<void(lane&)> f) const {
    return on_each_lane(lanes_, true, limits.lane_ms, std::move(f));
  }

  const plugin_request request_;
  plugin_manager& plugins_;
  const lane_set& lanes_;
  const clock& time_;
  std::shared_ptr<plugin_instance> serving_;
  std::shared_ptr<plugin_library> library_, before_;
};

// How long batches waited, told by the lanes.
struct swap_waits {
  explicit swap_waits(std::size_t lanes) : by_lane(lanes) {}
  std::vector<std::vector<std::uint64_t>> by_lane;  // nanoseconds; [that lane]
  // After the lanes have come round. [control]
  void add_to(swap_report& out) const;
};

}  // namespace spawn
