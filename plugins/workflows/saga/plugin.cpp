// saga: steps with compensations, each saga an actor of its own below `saga/<name>`.
#include "flow-common/virtual_workflow.hpp"
#include "saga/requests.hpp"
#include "saga/status.hpp"
#include "spawn_manifest.h"

namespace spawn::plugin {
namespace {

struct saga_kind {
  using declared = saga::declared_saga;
  static constexpr const char* noun = "saga";
  static constexpr const char* prefix = "saga/";
  static constexpr const char* part_type = "Saga";
  static constexpr std::uint32_t schema = saga::scratch_schema;

  static std::vector<declared> read(const flows::config_reader& config) {
    return saga::read_sagas(config);
  }
  static void run(const declared& saga, const spawn_wf_step& in, step_output& out) {
    saga::saga_flow(saga, in, out).run();
  }
  template <class Find>
  static std::optional<flows::json> status(spawn_slice scratch, const Find& find) {
    const auto state = saga::decode(scratch);
    if (!state) {
      return std::nullopt;
    }
    const declared* saga = find(state->name);
    const saga::definition* def = saga != nullptr ? saga->by_hash(state->definition) : nullptr;
    if (def != nullptr && def->steps.size() != state->steps.size()) {
      return std::nullopt;
    }
    return saga::status_of(*state, def);
  }
};

using saga_workflow = flows::virtual_workflow<saga_kind>;

}  // namespace
}  // namespace spawn::plugin

SPAWN_PLUGIN(spawn::plugin::saga_workflow, SPAWN_PLUGIN_MANIFEST_JSON,
             spawn::plugin::workflow_glue<spawn::plugin::saga_workflow>)
