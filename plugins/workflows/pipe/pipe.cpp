// pipe: the next actor gets this actor's response payload and answers the caller.
#include "../route-common/route.hpp"
#include "spawn_manifest.h"

namespace spawn::plugin {
namespace {

class pipe {
 public:
  static constexpr const char* part_types[] = {"pipe", nullptr};

  explicit pipe(const create_args&) {}

  void step(const spawn_wf_step& in, step_output& out) const {
    route("pipe", in, in.response, out);
  }
};

}  // namespace
}  // namespace spawn::plugin

SPAWN_PLUGIN(spawn::plugin::pipe, SPAWN_PLUGIN_MANIFEST_JSON,
             spawn::plugin::workflow_glue<spawn::plugin::pipe>)
