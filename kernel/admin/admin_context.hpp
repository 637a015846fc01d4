// What the admin API and the metrics look at: the running kernel, borrowed.
#pragma once
#include <boost/asio/thread_pool.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "admin/type_directory.hpp"
#include "base/clock.hpp"
#include "cell/lane_stats.hpp"
#include "config/settings.hpp"
#include "lane/asio_lane.hpp"
#include "lane/lane_set.hpp"
#include "model/budget.hpp"
#include "model/kernel_state.hpp"
#include "plugin/manager.hpp"
#include "router/policies.hpp"
#include "router/registrar.hpp"
#include "state/journal.hpp"
#include "state/record.hpp"
#include "state/rows/row_codec.hpp"

namespace spawn {

class guarded_link;
class intake;
class host_breakers;
class plugin_swaps;

// Made by the composition root once the lanes exist; outlives the admin server, and everything it
// refers to outlives both. The vectors are by lane index and do not change afterwards.
struct admin_context {
  lane_set& lanes;
  std::vector<asio_lane*> threads;
  std::vector<lane_router*> routers;
  std::vector<const lane_stats*> stats;
  std::vector<const guarded_link*> links;  // none where nothing is guarded
  std::vector<intake*> intakes;            // in the order of the configuration
  const host_breakers& breakers;
  registrar& registry;
  plugin_manager& plugins;
  plugin_swaps* swaps = nullptr;
  byte_budget& budget;
  kernel_state& state;
  const config::settings& settings;
  std::string config_path;  // empty: defaults and environment only
  std::string version;
  const clock& time;
  const virtual_types& virtuals;
  const sealer& keys;
  record_codec& codec;  // of the admin thread
  row_codec& rows;      // the same
  std::uint64_t started_ns = 0;
  std::function<void()> request_drain;  // begins a graceful stop and returns; any thread
  // Name of the store instance, and its journal on one lane. The counters are read on that lane.
  std::vector<std::pair<std::string, journal*>> journals;

  // For what blocks, one at a time; joined by the admin server before it goes.
  std::shared_ptr<boost::asio::thread_pool> helper = std::make_shared<boost::asio::thread_pool>(1);

  // What only the lanes know, as they last told.
  std::shared_ptr<type_directory> known = std::make_shared<type_directory>();
};

}  // namespace spawn
