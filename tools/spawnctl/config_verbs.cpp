// config check, schema, default: need no kernel. config show: the one in force.
#include <iostream>
#include <memory>

#include "config/load.hpp"
#include "plugin/elf_note.hpp"
#include "plugin/load_step.hpp"
#include "plugin/manifest.hpp"
#include "plugin/resolve.hpp"
#include "plugin/signed_file.hpp"
#include "table.hpp"
#include "tool.hpp"

namespace spawn::ctl {
namespace {

// As the loader would.
result<void> check_signer(const config::settings& settings, const std::filesystem::path& file) {
  SPAWN_TRY(const std::string bytes, read_plugin_file(file));
  const auto checked = check_signature(
      file, bytes, {settings.plugins.require_signed, settings.plugins.trusted_keys});
  if (!checked) {
    return refuse(load_step::signature, file.string(), checked.error().text, checked.error().code);
  }
  return {};
}

// The plugin is there, signed if it has to be, and its own schema accepts its configuration.
result<void> check_plugin(const config::settings& settings, const std::string& kind,
                          const config::plugin_use& use) {
  const std::vector<std::filesystem::path> folders(settings.plugins.path.begin(),
                                                   settings.plugins.path.end());
  SPAWN_TRY(const plugin_file file, resolve_plugin(folders, kind, use.use, use.version));
  SPAWN_CHECK(check_signer(settings, file.path));
  SPAWN_TRY(const std::string note, read_manifest_note(file.path));
  SPAWN_TRY(const plugin_manifest manifest, parse_manifest(note));
  if (manifest.config_schema.empty()) {
    return {};
  }
  return config::check_plugin_config(use, manifest.config_schema);
}

std::vector<std::string> check_plugins(const config::settings& settings) {
  std::vector<std::string> out;
  const auto check = [&](const char* kind, const config::plugin_use& use) {
    if (auto good = check_plugin(settings, kind, use); !good) {
      out.push_back(good.error().text);
    }
  };
  for (const auto& each : settings.statestores) {
    check("statestore", each);
  }
  check("transport", settings.transport);
  for (const auto& each : settings.workflows) {
    check("workflow", each);
  }
  for (const auto& each : settings.native_actors) {
    check("actors", each);
  }
  for (const auto& each : settings.activators) {
    check("activator", each.plugin);
  }
  return out;
}

void check(tool& t, const std::string& file, bool with_plugins) {
  const auto environment = config::environment::from_process();
  const auto loaded =
      file.empty() ? config::load_defaults(environment) : config::load_file(file, environment);
  if (!loaded) {
    t.fail(exit_config, loaded.error().text);
    return;
  }
  const auto faults = with_plugins ? check_plugins(loaded->value) : std::vector<std::string>();
  for (const std::string& fault : faults) {
    t.fail(exit_config, fault);
  }
  if (!faults.empty()) {
    return;
  }
  static constexpr const char* sources[] = {"default", "file", "environment"};
  if (t.as_json) {
    json out{{"ok", true}, {"notices", loaded->notices}, {"keys", json::array()}};
    for (const auto& each : loaded->origins) {
      out["keys"].push_back({{"key", each.key},
                             {"value", each.value},
                             {"from", sources[static_cast<int>(each.from)]},
                             {"where", each.where}});
    }
    std::cout << dump(out) << '\n';
    return;
  }
  table out({"KEY", "VALUE", "FROM", "WHERE"});
  for (const auto& each : loaded->origins) {
    if (each.from != config::source::preset) {
      out.add({each.key, each.value, sources[static_cast<int>(each.from)], each.where});
    }
  }
  out.print(std::cout);
  for (const auto& notice : loaded->notices) {
    std::cout << notice << '\n';
  }
  std::cout << "the configuration is good\n";
}

}  // namespace

void add_config_verbs(CLI::App& app, tool& t) {
  auto* verbs = app.add_subcommand("config", "the configuration file")->alias("configs");
  verbs->require_subcommand(1);
  auto* checking = verbs->add_subcommand("check", "checks a file, the environment and the plugins");
  auto file = std::make_shared<std::string>();
  auto no_plugins = std::make_shared<bool>(false);
  checking->add_option("file", *file, "else SPAWN_CONFIG, else the defaults")
      ->envname("SPAWN_CONFIG");
  checking->add_flag("--no-plugins", *no_plugins, "do not look for the plugins");
  checking->callback([&t, file, no_plugins] { check(t, *file, !*no_plugins); });
  verbs->add_subcommand("schema", "the JSON Schema of the file")->callback([] {
    std::cout << config::schema_json() << '\n';
  });
  verbs->add_subcommand("default", "a file with every key")->callback([] {
    std::cout << config::default_yaml();
  });
  verbs->add_subcommand("show", "what the running kernel goes by; secrets stay hidden")
      ->callback([&t] {
        if (const auto answer = t.show("GET", "/v1/config")) {
          std::cout << dump(*answer) << '\n';
        }
      });
}

}  // namespace spawn::ctl
