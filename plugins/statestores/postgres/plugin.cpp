// The PostgreSQL statestore as a plugin: config, instance, entry.
#include <memory>

#include "pg_session.hpp"
#include "schema.hpp"
#include "spawn_manifest.h"
#include "sql-common/worker_pool.hpp"

namespace {

namespace plugin = spawn::plugin;

class instance {
 public:
  using lane = sql_store::worker_pool::lane;

  explicit instance(const plugin::create_args& args)
      : settings_(postgres_store::parse(args)),
        migrating_(postgres_store::making_tables(settings_)),
        pool_(args, settings_.pool_size, settings_.engine,
              [this, host = args.host](std::uint32_t number) {
                return std::make_unique<postgres_store::pg_session>(host, settings_, number == 0);
              }),
        desk_(args, settings_.engine, [this, host = args.host](bool migrating) {
          return std::make_unique<postgres_store::pg_session>(
              host, migrating ? migrating_ : settings_, false);
        }) {}

  void start(plugin::pending<spawn_op> op) { pool_.start(std::move(op)); }
  void stop(plugin::pending<spawn_op> op) {
    pool_.stop();
    op.end(SPAWN_OK);
  }
  [[nodiscard]] std::string schema_text() const { return postgres_store::schema_text(settings_); }
  void migrate(plugin::pending<spawn_ss_admin> op) { desk_.migrate(std::move(op)); }
  void stats(plugin::pending<spawn_ss_admin> op) { desk_.stats(std::move(op)); }
  [[nodiscard]] std::uint64_t capabilities() const noexcept {
    return sql_store::server_capabilities;
  }
  [[nodiscard]] std::unique_ptr<lane> open_lane(std::uint32_t number) {
    return pool_.open_lane(number);
  }

 private:
  const postgres_store::settings settings_;
  const postgres_store::settings migrating_;
  sql_store::worker_pool pool_;
  sql_store::admin_desk desk_;
};

}  // namespace

SPAWN_PLUGIN(instance, SPAWN_PLUGIN_MANIFEST_JSON, spawn::plugin::statestore_glue<instance>,
             spawn::plugin::statestore_admin_glue<instance>)
