// A statestore that does nothing: every operation ends OK inside submit, all in one completion.
#include <memory>

#include "spawn/plugin/cpp/statestore.hpp"
#include "spawn_manifest.h"

namespace {

namespace plugin = spawn::plugin;

class instance {
 public:
  struct lane {
    void submit(plugin::op_batch& batch) {
      for (spawn_op* op : batch.ops()) {
        plugin::set_outcome(op, SPAWN_OK);
      }
    }
  };
  explicit instance(const plugin::create_args&) {}
  [[nodiscard]] std::uint64_t capabilities() const noexcept { return 0; }
  [[nodiscard]] std::unique_ptr<lane> open_lane(std::uint32_t) { return std::make_unique<lane>(); }
};

}  // namespace

SPAWN_PLUGIN(instance, SPAWN_PLUGIN_MANIFEST_JSON, spawn::plugin::statestore_glue<instance>)
