#include "app/swaps_from.hpp"

#include "app/kernel.hpp"
#include "swap/activator_swap.hpp"
#include "swap/store_swap.hpp"
#include "swap/workflow_swap.hpp"

namespace spawn {

plugin_request request_of(std::string kind, const config::plugin_use& use) {
  plugin_request out;
  out.kind = std::move(kind);
  out.use = use.use;
  out.version = use.version;
  out.instance = use.instance;
  out.config_json = use.config_json;
  out.secrets = use.secrets;
  out.sha256 = use.sha256;
  if (use.isolation == "process") {
    const config::isolation_settings& from = use.isolation_limits;
    out.process = {from.memory_mb,      from.open_files, from.watchdog_ms, from.restart_min_ms,
                   from.restart_max_ms, from.network,    from.read,        from.write};
  }
  return out;
}

std::unique_ptr<plugin_swaps> kernel::make_swaps() {
  std::vector<std::unique_ptr<swap_subject>> subjects;
  for (std::size_t i = 0; i < stores_.size(); ++i) {
    subjects.push_back(
        std::make_unique<store_swap>(request_of("statestore", settings_.statestores[i]), *plugins_,
                                     *lanes_, time_, *stores_[i]));
  }
  for (std::size_t i = 0; i < workflows_.size(); ++i) {
    subjects.push_back(std::make_unique<workflow_swap>(
        request_of("workflow", settings_.workflows[i]), *plugins_, *lanes_, time_, *workflows_[i]));
  }
  for (std::size_t i = 0; i < intakes_.size(); ++i) {
    const auto& use = settings_.activators[i].plugin;
    const auto sink = sink_ports_.find(use.instance);
    subjects.push_back(std::make_unique<activator_swap>(
        request_of("activator", use), *plugins_, *lanes_, time_, *activators_[i], *intakes_[i],
        sink == sink_ports_.end() ? nullptr : sink->second.get()));
  }
  return std::make_unique<plugin_swaps>(*plugins_, std::move(subjects));
}

}  // namespace spawn
