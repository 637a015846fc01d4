// scatter-gather: one input to many actors, their answers in one. Each is an actor of its own below
// `scatter/<name>`.
#include "flow-common/start_part.hpp"
#include "scatter-gather/answer.hpp"
#include "scatter-gather/flow.hpp"
#include "spawn_manifest.h"

namespace spawn::plugin {
namespace {

class scatter_workflow {
 public:
  static constexpr const char* part_types[] = {"ScatterGather", nullptr};
  static constexpr bool every_event = true;

  explicit scatter_workflow(const create_args& args)
      : scatters_(declared(args)), parents_("scatter/", scatters_) {}

  void step(const spawn_wf_step& in, step_output& out) const {
    if (in.event == SPAWN_WF_BEGIN) {
      flows::start_from_part(in, parents_, "ScatterGather", out);
    } else if (const std::size_t at = parents_.index_of(text(in.self.parent));
               at < scatters_.size()) {
      scatter::scatter_flow(scatters_[at], in, out).run();
    } else if (in.event == SPAWN_WF_CALL) {
      out.fail(SPAWN_E_INVALID,
               "no scatter is declared for \"" + std::string(text(in.self.parent)) + "\"");
    }
  }

  [[nodiscard]] const char* const* virtual_parents() const { return parents_.c_list(); }

  [[nodiscard]] bool accepts_scratch(std::uint32_t schema) const {
    return schema == scatter::scratch_schema;
  }

  [[nodiscard]] std::optional<std::string> describe(std::uint32_t schema,
                                                    spawn_slice scratch) const {
    const auto state = schema == scatter::scratch_schema ? scatter::decode(scratch) : std::nullopt;
    if (!state) {
      return std::nullopt;
    }
    return flows::write_json(scatter::gathered(*state));
  }

 private:
  static std::vector<scatter::definition> declared(const create_args& args) {
    const flows::json config = flows::read_config(args.config_json);
    return scatter::read_scatters({config, ""});
  }

  std::vector<scatter::definition> scatters_;
  flows::virtual_parents parents_;
};

}  // namespace
}  // namespace spawn::plugin

SPAWN_PLUGIN(spawn::plugin::scatter_workflow, SPAWN_PLUGIN_MANIFEST_JSON,
             spawn::plugin::workflow_glue<spawn::plugin::scatter_workflow>)
