// The SQLite statestore as a plugin: config, instance, entry.
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>

#include "config-common/config.hpp"
#include "count.hpp"
#include "engine.hpp"
#include "folders.hpp"
#include "spawn_manifest.h"

namespace {

namespace plugin = spawn::plugin;

sqlite_store::settings parse(const plugin::create_args& args) {
  const auto config = plugin::with_secrets(args);
  const auto path = config.value("path", std::string());
  if (path.empty()) {
    throw plugin::refused(SPAWN_E_INVALID, "config: path is missing");
  }
  sqlite_store::settings s;
  s.path = std::filesystem::absolute(path).lexically_normal().string();
  s.busy_timeout_ms = plugin::config_number(config, "busy_timeout_ms", s.busy_timeout_ms);
  s.full_sync = config.value("synchronous", std::string("full")) == "full";
  s.cache_kib = plugin::config_number(config, "cache_kib", s.cache_kib);
  s.checkpoint_mib = plugin::config_number(config, "checkpoint_mib", s.checkpoint_mib);
  s.max_record_bytes = plugin::config_number(config, "max_record_bytes", s.max_record_bytes);
  if (const auto history = config.find("history"); history != config.end()) {
    s.history_keep = plugin::config_number(*history, "keep", s.history_keep);
    s.history_keep_ms = plugin::config_number(*history, "keep_ms", s.history_keep_ms);
  }
  return s;
}

// One instance, one lane, one connection.
class instance {
 public:
  class lane {
   public:
    explicit lane(sqlite_store::engine& e) noexcept : engine_(e) {}
    void submit(plugin::op_batch& batch) { engine_.run(batch.ops()); }

   private:
    sqlite_store::engine& engine_;
  };

  explicit instance(const plugin::create_args& args)
      : settings_(parse(args)), engine_(args.host, settings_) {}

  void start(plugin::pending<spawn_op> op) {
    errand_.finish();
    const std::string why = started_ ? std::string() : open();
    started_ = why.empty();
    op.end(why.empty() ? SPAWN_OK : SPAWN_E_UNAVAILABLE, why);
  }
  void stop(plugin::pending<spawn_op> op) {
    errand_.finish();
    engine_.close();
    started_ = false;
    op.end(SPAWN_OK);
  }

  [[nodiscard]] std::string schema_text() const { return sqlite_store::schema_text(); }
  void migrate(plugin::pending<spawn_ss_admin> op) {
    errand_.run(std::move(op), [this] {
      if (const std::string why = open(); !why.empty()) {
        throw std::runtime_error(why);
      }
      engine_.close();
      return std::string();
    });
  }
  void stats(plugin::pending<spawn_ss_admin> op) {
    errand_.run(std::move(op), [this] { return sqlite_store::count(settings_).json(); });
  }
  [[nodiscard]] std::uint64_t capabilities() const noexcept {
    return SPAWN_SS_CAP_ATOMIC_GROUP | SPAWN_SS_CAP_HISTORY | SPAWN_SS_CAP_LIST | SPAWN_SS_CAP_TTL |
           (settings_.full_sync ? SPAWN_SS_CAP_DURABLE : 0u);
  }
  [[nodiscard]] std::unique_ptr<lane> open_lane(std::uint32_t) {
    return std::make_unique<lane>(engine_);
  }

 private:
  [[nodiscard]] std::string open() {
    std::string why =
        sqlite_store::make_durable_folder(std::filesystem::path(settings_.path).parent_path());
    return why.empty() ? engine_.open() : why;
  }

  sqlite_store::settings settings_;
  sqlite_store::engine engine_;
  sql_store::errand errand_;
  bool started_ = false;  // still so after quiesce, which a further start undoes
};

}  // namespace

SPAWN_PLUGIN(instance, SPAWN_PLUGIN_MANIFEST_JSON, spawn::plugin::statestore_glue<instance>,
             spawn::plugin::statestore_admin_glue<instance>)
