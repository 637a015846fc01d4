// Hot swap: other plugins for instances that are at work.
#pragma once
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "base/unique_function.hpp"
#include "swap/probation.hpp"
#include "swap/swap_subject.hpp"

namespace spawn {

// All instances that can be swapped. One swap at a time, on a thread of its own, "swap". After one
// the new plugin is watched (its probation): if it is faulted, or has been out of service for three
// seconds longer than in it, or its operations fail or last much more than before (probation.hpp),
// the file that served before comes back. A swap ends the probation before it. Nothing of a swap is
// durable: a kernel that restarts loads what its configuration says (plugin-abi.md C.11). Life:
// made when the lanes run, gone before the plugins are stopped.
class plugin_swaps {
 public:
  using done_fn = unique_function<void(result<swap_report>)>;
  // Where a new plugin comes from; unset: plugin_manager::load_apart.
  using load_fn = unique_function<result<loaded_plugin>(const plugin_request&)>;

  plugin_swaps(plugin_manager& plugins, std::vector<std::unique_ptr<swap_subject>> subjects,
               const probation_limits& limits = {}, load_fn load = nullptr);
  // Ends the swap that is under way; those that wait are refused.
  ~plugin_swaps();
  plugin_swaps(const plugin_swaps&) = delete;
  plugin_swaps& operator=(const plugin_swaps&) = delete;

  // `done` is called on the swaps' thread. [any]
  void begin(swap_order order, done_fn done);

 private:
  struct waiting {
    swap_order order;
    done_fn done;
  };
  static constexpr std::size_t waiting_max = 16;

  void run();
  [[nodiscard]] result<swap_report> carry_out(const swap_order& order);
  [[nodiscard]] result<swap_subject*> subject_of(const swap_order& order) const;
  void watch();
  void end_probation();
  void tend();
  void roll_back(const std::string& why);

  plugin_manager& plugins_;
  const std::vector<std::unique_ptr<swap_subject>> subjects_;
  const probation_limits limits_;
  load_fn load_;

  // [swap]
  swap_subject* watched_ = nullptr;
  std::optional<probation> judge_;  // while there is one
  std::chrono::steady_clock::time_point watched_until_{};
  std::uint32_t failing_looks_ = 0;  // minus those since at which it served
  bool has_old_ = false;             // plugins that were swapped out and have something to finish

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<waiting> queue_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace spawn
