// store schema and migrate (of a plugin in this process; need no kernel), store stats (of one).
#include <algorithm>
#include <iostream>
#include <memory>

#include "config/load.hpp"
#include "lane/asio_lane.hpp"
#include "plugin/elf_note.hpp"
#include "plugin/manager.hpp"
#include "plugin/resolve.hpp"
#include "table.hpp"
#include "tool.hpp"

namespace spawn::ctl {
namespace {

constexpr std::uint64_t schema_ms = 5'000;
constexpr std::uint64_t migrate_ms = 70'000;

// One instance of a plugin, created and never started, with a lane that does not run.
class plugin_bench {
 public:
  explicit plugin_bench(const config::settings& settings)
      : lane_(0, time_, 1), lanes_({&lane_}), plugins_(options_of(settings), {&lanes_, {}}, time_) {
    plugins_.lanes_stopped();
  }
  [[nodiscard]] result<plugin_instance*> make(const config::plugin_use& use) {
    return plugins_.load("statestore", use.use, use.version, use.instance, use.config_json,
                         use.secrets, use.sha256);
  }

 private:
  static plugin_manager_options options_of(const config::settings& settings) {
    plugin_manager_options out;
    for (const auto& path : settings.plugins.path) {
      out.paths.emplace_back(path);
    }
    out.store_dir = plugin_store_dir();
    out.trust = {settings.plugins.require_signed, settings.plugins.trusted_keys};
    return out;
  }

  system_clock time_;
  asio_lane lane_;
  lane_set lanes_;
  plugin_manager plugins_;
};

struct store_options {
  std::string plugin, file, store;
};

// The least config that a plugin's schema accepts: what it requires, with the name of the project
// for a text. Only for printing.
std::string least_config(const std::string& schema_json) {
  const json schema = json::parse(schema_json, nullptr, false);
  json out = json::object();
  if (!schema.is_object()) {
    return out.dump();
  }
  const json properties = schema.value("properties", json::object());
  for (const json& key : schema.value("required", json::array())) {
    const json of = properties.value(key.get<std::string>(), json::object());
    const std::string type = of.value("type", std::string("string"));
    out[key.get<std::string>()] = type == "string"    ? json(of.value("default", "spawn"))
                                  : type == "boolean" ? json(false)
                                                      : of.value("minimum", json(1));
  }
  return out.dump();
}

// Which instance of the configuration is meant; for a plugin that it does not use, one with the
// least config.
result<config::plugin_use> chosen(const config::settings& settings, const store_options& from,
                                  bool may_invent) {
  for (const auto& use : settings.statestores) {
    const bool fits = (from.store.empty() || use.instance == from.store) &&
                      (from.plugin.empty() || use.use == from.plugin);
    if (fits) {
      return use;
    }
  }
  if (!may_invent || from.plugin.empty() || !from.store.empty()) {
    return fail(errc::not_found, "the configuration has no statestore " +
                                     (from.store.empty() ? from.plugin : from.store));
  }
  const std::vector<std::filesystem::path> folders(settings.plugins.path.begin(),
                                                   settings.plugins.path.end());
  SPAWN_TRY(const plugin_file file, resolve_plugin(folders, "statestore", from.plugin, {}));
  SPAWN_TRY(const std::string note, read_manifest_note(file.path));
  SPAWN_TRY(const plugin_manifest manifest, parse_manifest(note));
  config::plugin_use use;
  use.use = from.plugin;
  use.instance = from.plugin;
  use.config_json = least_config(manifest.config_schema);
  return use;
}

result<std::string> ask(const store_options& from, plugin_instance::admin_call what,
                        std::uint64_t limit_ms, config::plugin_use& use) {
  const auto environment = config::environment::from_process();
  SPAWN_TRY(const config::loaded loaded, from.file.empty()
                                             ? config::load_defaults(environment)
                                             : config::load_file(from.file, environment));
  const bool prints = what == plugin_instance::admin_call::schema_text;
  SPAWN_TRY(use, chosen(loaded.value, from, prints));
  plugin_bench bench(loaded.value);
  SPAWN_TRY(plugin_instance * instance, bench.make(use));
  return instance->ask_admin(what, limit_ms);
}

void print_schema(tool& t, const store_options& from) {
  config::plugin_use use;
  const auto text = ask(from, plugin_instance::admin_call::schema_text, schema_ms, use);
  if (!text) {
    t.fail(exit_failed, text.error().text);
  } else if (t.as_json) {
    std::cout << dump({{"plugin", use.use}, {"sql", *text}}) << '\n';
  } else {
    std::cout << *text;
  }
}

void migrate(tool& t, const store_options& from) {
  config::plugin_use use;
  const auto done = ask(from, plugin_instance::admin_call::migrate, migrate_ms, use);
  if (!done) {
    t.fail(exit_failed, done.error().text);
  } else if (t.as_json) {
    std::cout << dump({{"store", use.instance}, {"migrated", true}}) << '\n';
  } else {
    std::cout << "the tables of " << use.instance << " (" << use.use << ") are up to date\n";
  }
}

void stats(tool& t) {
  const auto answer = t.show("GET", "/v1/stores");
  if (!answer) {
    return;
  }
  table out({"STORE", "PLUGIN", "RECORDS", "REVISIONS", "BYTES", "SCHEMA", "WHY NOT"});
  for (const json& each : answer->value("stores", json::array())) {
    const json counts = each.value("stats", json::object());
    out.add({text_of(each, "name"), text_of(each, "plugin"), text_of(counts, "records"),
             text_of(counts, "revisions"), text_of(counts, "bytes"),
             text_of(counts, "schema_version"), text_of(each, "why")});
  }
  out.print(std::cout);
}

void add_config(CLI::App* verb, const std::shared_ptr<store_options>& into) {
  verb->add_option("-c,--config", into->file, "configuration file (else SPAWN_CONFIG)")
      ->envname("SPAWN_CONFIG");
  verb->add_option("--store", into->store, "an instance of the configuration; else the first");
}

}  // namespace

void add_store_verbs(CLI::App& app, tool& t) {
  auto* verbs = app.add_subcommand("store", "the statestores")->alias("stores");
  verbs->require_subcommand(1);
  auto* schema = verbs->add_subcommand(
      "schema", "prints what makes a store's tables, for where the kernel may not make them");
  auto printed = std::make_shared<store_options>();
  add_config(schema, printed);
  schema->add_option("--plugin", printed->plugin, "postgres, mysql, ...");
  schema->callback([&t, printed] { print_schema(t, *printed); });
  auto* making = verbs->add_subcommand(
      "migrate", "makes or upgrades a store's tables, whatever the configuration says of it");
  auto made = std::make_shared<store_options>();
  add_config(making, made);
  making->callback([&t, made] { migrate(t, *made); });
  verbs->add_subcommand("stats", "how much is in each store of a running kernel")->callback([&t] {
    stats(t);
  });
}

}  // namespace spawn::ctl
