// The statestore as a plugin: settings, instance, entry.
#include <memory>

#include "spawn/plugin/config.h"
#include "spawn_manifest.h"
#include "store.hpp"

namespace {

namespace plugin = spawn::plugin;

class instance {
 public:
  class lane {
   public:
    explicit lane(store& s) noexcept : store_(s) {}
    void submit(plugin::op_batch& batch) { store_.run(batch.ops()); }

   private:
    store& store_;
  };

  explicit instance(const plugin::create_args& args)
      : store_(args.host,
               spawn_config_number(plugin::slice(args.config_json), "max_records", 1'000'000)) {}

  [[nodiscard]] std::uint64_t capabilities() const noexcept {
    return SPAWN_SS_CAP_ATOMIC_GROUP | SPAWN_SS_CAP_LIST;
  }
  [[nodiscard]] std::unique_ptr<lane> open_lane(std::uint32_t) {
    return std::make_unique<lane>(store_);
  }

 private:
  store store_;
};

}  // namespace

SPAWN_PLUGIN(instance, SPAWN_PLUGIN_MANIFEST_JSON, plugin::statestore_glue<instance>)
