// spawnctl: looks at a running kernel and calls its actors; checks plugins and configurations.
#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdlib>
#include <exception>

#include "tool.hpp"

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);  // a reader that leaves is a failed write
  spawn::ctl::tool t;
  CLI::App app(
      "Looks at a running Spawn kernel, calls its actors, checks plugins and configuration");
  app.require_subcommand(1);
  app.fallthrough();
  app.set_version_flag("--version", "spawnctl 0.1.0");
  app.footer("Exit codes: 0 ok, 1 failed, 2 wrong usage, 3 configuration, 4 no kernel answers");
  if (const char* admin = std::getenv("SPAWN_ADMIN"); admin != nullptr) {
    t.target.address = admin;
  }
  if (const char* token = std::getenv("SPAWN_ADMIN_TOKEN"); token != nullptr) {
    t.target.token = token;
  }
  std::uint64_t seconds = 30;
  app.add_option("--admin", t.target.address,
                 "admin socket, or http://host:port (else SPAWN_ADMIN, else the usual places)");
  app.add_option("--token", t.target.token, "token for http (else SPAWN_ADMIN_TOKEN)");
  app.add_flag("--json", t.as_json, "print JSON");
  app.add_option("--timeout", seconds, "seconds to wait for the kernel")
      ->check(CLI::Range(1, 86'400))
      ->capture_default_str();
  app.parse_complete_callback([&] { t.target.timeout_ms = seconds * 1'000; });
  spawn::ctl::add_kernel_verbs(app, t);
  spawn::ctl::add_actor_verbs(app, t);
  spawn::ctl::add_message_verbs(app, t);
  spawn::ctl::add_saga_verbs(app, t);
  spawn::ctl::add_activator_verbs(app, t);
  spawn::ctl::add_plugin_verbs(app, t);
  spawn::ctl::add_store_verbs(app, t);
  spawn::ctl::add_config_verbs(app, t);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& wrong) {
    return app.exit(wrong) == 0 ? spawn::ctl::exit_ok : spawn::ctl::exit_usage;
  } catch (const std::exception& unforeseen) {
    t.fail(spawn::ctl::exit_failed, unforeseen.what());
  }
  return t.exit_code;
}
