// The PostgreSQL statestore as a plugin: config, instance, entry.
#include <memory>

#include "pg_session.hpp"
#include "spawn_manifest.h"
#include "sql-common/worker_pool.hpp"

namespace {

namespace plugin = spawn::plugin;

class instance {
 public:
  using lane = sql_store::worker_pool::lane;

  explicit instance(const plugin::create_args& args)
      : settings_(postgres_store::parse(args)),
        pool_(args, settings_.pool_size, settings_.engine, [this, host = args.host](std::uint32_t) {
          return std::make_unique<postgres_store::pg_session>(host, settings_);
        }) {}

  void start(plugin::pending<spawn_op> op) { pool_.start(std::move(op)); }
  void stop(plugin::pending<spawn_op> op) {
    pool_.stop();
    op.end(SPAWN_OK);
  }
  [[nodiscard]] std::uint64_t capabilities() const noexcept {
    return sql_store::server_capabilities;
  }
  [[nodiscard]] std::unique_ptr<lane> open_lane(std::uint32_t number) {
    return pool_.open_lane(number);
  }

 private:
  const postgres_store::settings settings_;
  sql_store::worker_pool pool_;
};

}  // namespace

SPAWN_PLUGIN(instance, SPAWN_PLUGIN_MANIFEST_JSON, spawn::plugin::statestore_glue<instance>)
