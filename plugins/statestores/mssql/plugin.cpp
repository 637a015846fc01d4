// The SQL Server statestore as a plugin: config, instance, entry.
#include <memory>

#include "odbc_session.hpp"
#include "schema.hpp"
#include "spawn_manifest.h"
#include "sql-common/server_instance.hpp"

namespace {

class dialect {
 public:
  explicit dialect(const spawn::plugin::create_args& args)
      : settings_(mssql_store::parse(args)),
        migrating_(mssql_store::making_tables(settings_)),
        dog_(args.host) {}

  [[nodiscard]] const sql_store::engine_settings& engine() const noexcept {
    return settings_.engine;
  }
  [[nodiscard]] std::uint32_t pool_size() const noexcept { return settings_.pool_size; }
  [[nodiscard]] std::string schema_text() const { return mssql_store::schema_text(settings_); }
  [[nodiscard]] std::unique_ptr<sql_store::session> make(spawn::plugin::host_ref host,
                                                         bool migrating, bool /*warns*/) {
    return std::make_unique<mssql_store::odbc_session>(host, migrating ? migrating_ : settings_,
                                                       dog_);
  }

 private:
  const mssql_store::settings settings_;
  const mssql_store::settings migrating_;
  mssql_store::watchdog dog_;
};

using instance = sql_store::server_instance<dialect>;

}  // namespace

SPAWN_PLUGIN(instance, SPAWN_PLUGIN_MANIFEST_JSON, spawn::plugin::statestore_glue<instance>,
             spawn::plugin::statestore_admin_glue<instance>)
