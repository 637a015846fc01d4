// scatter-gather: one input to many actors, their answers in one. Each is an actor of its own below
// `scatter/<name>`.
#include "flow-common/virtual_workflow.hpp"
#include "scatter-gather/answer.hpp"
#include "scatter-gather/flow.hpp"
#include "spawn_manifest.h"

namespace spawn::plugin {
namespace {

struct scatter_kind {
  using declared = scatter::definition;
  static constexpr const char* noun = "scatter";
  static constexpr const char* prefix = "scatter/";
  static constexpr const char* part_type = "ScatterGather";
  static constexpr std::uint32_t schema = scatter::scratch_schema;

  static std::vector<declared> read(const flows::config_reader& config) {
    return scatter::read_scatters(config);
  }
  static void run(const declared& of, const spawn_wf_step& in, step_output& out) {
    scatter::scatter_flow(of, in, out).run();
  }
  template <class Find>
  static std::optional<flows::json> status(spawn_slice scratch, const Find&) {
    const auto state = scatter::decode(scratch);
    return state ? std::optional<flows::json>(scatter::gathered(*state)) : std::nullopt;
  }
};

using scatter_workflow = flows::virtual_workflow<scatter_kind>;

}  // namespace
}  // namespace spawn::plugin

SPAWN_PLUGIN(spawn::plugin::scatter_workflow, SPAWN_PLUGIN_MANIFEST_JSON,
             spawn::plugin::workflow_glue<spawn::plugin::scatter_workflow>)
