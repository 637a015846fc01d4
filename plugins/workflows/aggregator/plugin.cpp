// aggregator: many messages become one batch for a target. Each aggregate is an actor of its own
// below `aggregate/<name>`.
#include "aggregator/flow.hpp"
#include "flow-common/virtual_workflow.hpp"
#include "spawn_manifest.h"

namespace spawn::plugin {
namespace {

struct aggregate_kind {
  using declared = aggregator::definition;
  static constexpr const char* noun = "aggregate";
  static constexpr const char* prefix = "aggregate/";
  static constexpr const char* part_type = nullptr;
  static constexpr std::uint32_t schema = aggregator::scratch_schema;

  static std::vector<declared> read(const flows::config_reader& config) {
    return aggregator::read_aggregates(config);
  }
  static void run(const declared& of, const spawn_wf_step& in, step_output& out) {
    aggregator::aggregate_flow(of, in, out).run();
  }
  template <class Find>
  static std::optional<flows::json> status(spawn_slice scratch, const Find&) {
    const auto state = aggregator::decode(scratch);
    return state ? std::optional<flows::json>(aggregator::status_of(*state)) : std::nullopt;
  }
};

using aggregator_workflow = flows::virtual_workflow<aggregate_kind>;

}  // namespace
}  // namespace spawn::plugin

SPAWN_PLUGIN(spawn::plugin::aggregator_workflow, SPAWN_PLUGIN_MANIFEST_JSON,
             spawn::plugin::workflow_glue<spawn::plugin::aggregator_workflow>)
