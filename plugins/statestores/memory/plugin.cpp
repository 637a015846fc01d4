// The memory statestore as a plugin: config, instance, entry.
#include <memory>

#include "config-common/config.hpp"
#include "spawn/plugin/cpp/statestore.hpp"
#include "spawn_manifest.h"
#include "store.hpp"

namespace {

namespace plugin = spawn::plugin;

memory_store::settings parse(const plugin::create_args& args) {
  memory_store::settings s;
  const auto config = plugin::with_secrets(args);
  s.max_bytes = plugin::config_number(config, "max_bytes", s.max_bytes);
  if (const auto history = config.find("history"); history != config.end()) {
    s.history.keep = plugin::config_number(*history, "keep", s.history.keep);
    s.history.keep_ms = plugin::config_number(*history, "keep_ms", s.history.keep_ms);
  }
  return s;
}

// One instance, all lanes at once.
class instance {
 public:
  class lane {
   public:
    explicit lane(memory_store::store& s) noexcept : store_(s) {}
    void submit(plugin::op_batch& batch) { store_.run(batch.ops()); }

   private:
    memory_store::store& store_;
  };

  explicit instance(const plugin::create_args& args) : store_(args.host, parse(args)) {}

  void start(plugin::pending<spawn_op> op) {
    store_.begin_export();
    op.end(SPAWN_OK);
  }

  static constexpr std::uint32_t handoff_schema = 1;
  [[nodiscard]] bool accepts_handoff(std::uint32_t schema) const noexcept {
    return schema == handoff_schema;
  }
  void export_next(plugin::pending<spawn_handoff_op> op) { store_.export_next(std::move(op)); }
  void import_next(plugin::pending<spawn_handoff_op> op) { store_.import_next(std::move(op)); }

  [[nodiscard]] std::uint64_t capabilities() const noexcept {
    return SPAWN_SS_CAP_ATOMIC_GROUP | SPAWN_SS_CAP_HISTORY | SPAWN_SS_CAP_LIST | SPAWN_SS_CAP_TTL;
  }
  [[nodiscard]] std::unique_ptr<lane> open_lane(std::uint32_t) {
    return std::make_unique<lane>(store_);
  }

 private:
  memory_store::store store_;
};

}  // namespace

SPAWN_PLUGIN(instance, SPAWN_PLUGIN_MANIFEST_JSON, spawn::plugin::statestore_glue<instance>,
             spawn::plugin::handoff_glue<instance>)
