// forward: the next actor gets this actor's request payload and answers the caller.
#include "../route-common/route.hpp"
#include "spawn_manifest.h"

namespace spawn::plugin {
namespace {

class forward {
 public:
  static constexpr const char* part_types[] = {"forward", nullptr};

  explicit forward(const create_args&) {}

  void step(const spawn_wf_step& in, step_output& out) const {
    route("forward", in, in.request, out);
  }
};

}  // namespace
}  // namespace spawn::plugin

SPAWN_PLUGIN(spawn::plugin::forward, SPAWN_PLUGIN_MANIFEST_JSON,
             spawn::plugin::workflow_glue<spawn::plugin::forward>)
