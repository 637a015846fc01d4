// saga: steps with compensations, each saga an actor of its own below `saga/<name>`.
#include "flow-common/start_part.hpp"
#include "saga/requests.hpp"
#include "saga/status.hpp"
#include "spawn_manifest.h"

namespace spawn::plugin {
namespace {

class saga_workflow {
 public:
  static constexpr const char* part_types[] = {"Saga", nullptr};
  static constexpr bool every_event = true;

  explicit saga_workflow(const create_args& args)
      : sagas_(declared(args)), parents_("saga/", sagas_) {}

  void step(const spawn_wf_step& in, step_output& out) const {
    if (in.event == SPAWN_WF_BEGIN) {
      flows::start_from_part(in, parents_, "Saga", out);
    } else if (const std::size_t at = parents_.index_of(text(in.self.parent)); at < sagas_.size()) {
      saga::saga_flow(sagas_[at], in, out).run();
    } else if (in.event == SPAWN_WF_CALL) {
      out.fail(SPAWN_E_INVALID,
               "no saga is declared for \"" + std::string(text(in.self.parent)) + "\"");
    }
  }

  [[nodiscard]] const char* const* virtual_parents() const { return parents_.c_list(); }

  [[nodiscard]] bool accepts_scratch(std::uint32_t schema) const {
    return schema == saga::scratch_schema;
  }

  [[nodiscard]] std::optional<std::string> describe(std::uint32_t schema,
                                                    spawn_slice scratch) const {
    const auto state = schema == saga::scratch_schema ? saga::decode(scratch) : std::nullopt;
    if (!state) {
      return std::nullopt;
    }
    const std::size_t at = parents_.index_of("saga/" + state->name);
    const saga::definition* def =
        at < sagas_.size() ? sagas_[at].by_hash(state->definition) : nullptr;
    if (def != nullptr && def->steps.size() != state->steps.size()) {
      return std::nullopt;
    }
    return flows::write_json(saga::status_of(*state, def));
  }

 private:
  static std::vector<saga::declared_saga> declared(const create_args& args) {
    const flows::json config = flows::read_config(args.config_json);
    return saga::read_sagas({config, ""});
  }

  std::vector<saga::declared_saga> sagas_;
  flows::virtual_parents parents_;
};

}  // namespace
}  // namespace spawn::plugin

SPAWN_PLUGIN(spawn::plugin::saga_workflow, SPAWN_PLUGIN_MANIFEST_JSON,
             spawn::plugin::workflow_glue<spawn::plugin::saga_workflow>)
