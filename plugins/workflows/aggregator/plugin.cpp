// aggregator: many messages become one batch for a target. Each aggregate is an actor of its own
// below `aggregate/<name>`.
#include "aggregator/flow.hpp"
#include "flow-common/virtual_parents.hpp"
#include "spawn_manifest.h"

namespace spawn::plugin {
namespace {

class aggregator_workflow {
 public:
  static constexpr const char* part_types[] = {nullptr};
  static constexpr bool every_event = true;

  explicit aggregator_workflow(const create_args& args)
      : aggregates_(declared(args)), parents_("aggregate/", aggregates_) {}

  void step(const spawn_wf_step& in, step_output& out) const {
    if (const std::size_t at = parents_.index_of(text(in.self.parent)); at < aggregates_.size()) {
      aggregator::aggregate_flow(aggregates_[at], in, out).run();
    } else if (in.event == SPAWN_WF_CALL) {
      out.fail(SPAWN_E_INVALID,
               "no aggregate is declared for \"" + std::string(text(in.self.parent)) + "\"");
    }
  }

  [[nodiscard]] const char* const* virtual_parents() const { return parents_.c_list(); }

  [[nodiscard]] bool accepts_scratch(std::uint32_t schema) const {
    return schema == aggregator::scratch_schema;
  }

  [[nodiscard]] std::optional<std::string> describe(std::uint32_t schema,
                                                    spawn_slice scratch) const {
    const auto state =
        schema == aggregator::scratch_schema ? aggregator::decode(scratch) : std::nullopt;
    if (!state) {
      return std::nullopt;
    }
    return flows::write_json(aggregator::status_of(*state));
  }

 private:
  static std::vector<aggregator::definition> declared(const create_args& args) {
    const flows::json config = flows::read_config(args.config_json);
    return aggregator::read_aggregates({config, ""});
  }

  std::vector<aggregator::definition> aggregates_;
  flows::virtual_parents parents_;
};

}  // namespace
}  // namespace spawn::plugin

SPAWN_PLUGIN(spawn::plugin::aggregator_workflow, SPAWN_PLUGIN_MANIFEST_JSON,
             spawn::plugin::workflow_glue<spawn::plugin::aggregator_workflow>)
