#include "app/swaps_from.hpp"

#include "app/kernel.hpp"
#include "swap/activator_swap.hpp"
#include "swap/store_swap.hpp"
#include "swap/transport_swap.hpp"
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

namespace {

class intake_of final : public intake_valve {
 public:
  explicit intake_of(intake& of) : of_(of) {}
  void open() override { of_.open(); }
  void pause() override { of_.pause(); }
  void drain(unique_function<void()> drained) override { of_.drain(std::move(drained)); }
  [[nodiscard]] bool is_paused() const noexcept override {
    return of_.now() == intake::mode::paused;
  }
  [[nodiscard]] lane& home() const noexcept override { return of_.home(); }

 private:
  intake& of_;
};

}  // namespace

std::unique_ptr<plugin_swaps> kernel::make_swaps() {
  std::vector<std::unique_ptr<swap_subject>> subjects;
  for (std::size_t i = 0; i < stores_.size(); ++i) {
    subjects.push_back(
        std::make_unique<store_swap>(request_of("statestore", settings_.statestores[i]), *plugins_,
                                     *lanes_, time_, *stores_[i]));
  }
  if (transport_ != nullptr) {
    subjects.push_back(std::make_unique<transport_swap>(
        request_of("transport", settings_.transport), *plugins_, *lanes_, time_, *transport_));
  }
  for (std::size_t i = 0; i < workflows_.size(); ++i) {
    subjects.push_back(std::make_unique<workflow_swap>(
        request_of("workflow", settings_.workflows[i]), *plugins_, *lanes_, time_, *workflows_[i]));
  }
  for (std::size_t i = 0; i < intakes_.size(); ++i) {
    const auto& use = settings_.activators[i].plugin;
    const auto sink = sink_ports_.find(use.instance);
    subjects.push_back(
        std::make_unique<activator_swap>(request_of("activator", use), *plugins_, *lanes_, time_,
                                         *activators_[i], std::make_unique<intake_of>(*intakes_[i]),
                                         sink == sink_ports_.end() ? nullptr : sink->second.get()));
  }
  const auto& may = settings_.plugins.probation;
  return std::make_unique<plugin_swaps>(
      *plugins_, std::move(subjects),
      probation_limits{may.failures_percent, may.slower_factor, may.slower_ms, may.operations});
}

}  // namespace spawn
