// spawnd: flags, configuration, run, exit code.
#include <unistd.h>
#include <CLI/CLI.hpp>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <thread>

#include "app/kernel.hpp"
#include "app/service_manager.hpp"
#include "base/log.hpp"
#include "config/load.hpp"

namespace {

// docs/limits.md: exit codes.
constexpr int exit_ok = 0;
constexpr int exit_failed = 1;
constexpr int exit_usage = 2;
constexpr int exit_config = 3;

constexpr const char* version = "0.1.0";
constexpr std::uint64_t serve_after_term_ms_max = 6'000;

spawn::result<spawn::config::loaded> load(const std::string& path) {
  const auto environment = spawn::config::environment::from_process();
  return path.empty() ? spawn::config::load_defaults(environment)
                      : spawn::config::load_file(path, environment);
}

void print_origins(const spawn::config::loaded& loaded) {
  for (const auto& each : loaded.origins) {
    const char* from = each.from == spawn::config::source::env    ? "environment"
                       : each.from == spawn::config::source::yaml ? "file"
                                                                  : "default";
    std::cout << each.key << " = " << each.value << "   (" << from
              << (each.where.empty() ? "" : " ") << each.where << ")\n";
  }
}

void tell_manager(const char* state) {
  if (const auto told = spawn::tell_service_manager(state); !told) {
    SPAWN_LOG(warn, "the service manager was not told", {"why", told.error().text});
  }
}

// Waits for a signal; SIGHUP is only talked about.
int wait_for_stop(const sigset_t& signals) {
  while (true) {
    int which = 0;
    ::sigwait(&signals, &which);
    if (which != SIGHUP) {
      return which;
    }
    SPAWN_LOG(warn, "SIGHUP: reloading is not supported yet: restart");
  }
}

int run(spawn::config::loaded loaded, const std::string& path, bool maintenance) {
  sigset_t signals;
  ::sigemptyset(&signals);
  for (const int which : {SIGTERM, SIGINT, SIGHUP}) {
    ::sigaddset(&signals, which);
  }
  // Before any thread is made, so that all of them leave the signals to this one.
  ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  spawn::log::write_in_background();
  for (const auto& notice : loaded.notices) {
    SPAWN_LOG(info, "configuration", {"notice", notice});
  }
  spawn::kernel kernel(std::move(loaded.value), path, version, [] { ::kill(::getpid(), SIGTERM); });
  if (auto started = maintenance ? kernel.start_maintenance() : kernel.start(); !started) {
    spawn::log::write_directly();
    std::cerr << "spawnd: " << started.error().text << '\n';
    return started.error().code == spawn::errc::invalid ? exit_config : exit_failed;
  }
  tell_manager("READY=1");
  const int which = wait_for_stop(signals);
  tell_manager("STOPPING=1");
  if (which == SIGTERM && !maintenance) {
    // Load balancers see readiness go down before requests are refused (protocol.md 9.5).
    kernel.begin_drain();
    const auto serve_ms =
        std::min(serve_after_term_ms_max, kernel.settings().timeouts.drain_ms / 5);
    SPAWN_LOG(info, "draining", {"serving_for_ms", serve_ms});
    const timespec window{static_cast<time_t>(serve_ms / 1'000),
                          static_cast<long>(serve_ms % 1'000) * 1'000'000};
    ::sigtimedwait(&signals, nullptr, &window);  // a second signal cuts it short
  }
  SPAWN_LOG(info, "stopping");
  const auto stopped = kernel.stop();
  return stopped ? exit_ok : exit_failed;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"Spawn kernel: durable virtual actors beside your service"};
  std::string path;
  bool check = false;
  bool maintenance = false;
  std::string admin;
  app.set_version_flag("--version", version);
  app.add_option("-c,--config", path, "configuration file (YAML)")->envname("SPAWN_CONFIG");
  app.add_flag("--check", check,
               "check the configuration, print where each value comes from, exit");
  app.add_option("--admin", admin,
                 "admin socket; in place of all that the configuration says of "
                 "the admin API's address");
  app.add_flag("--maintenance", maintenance,
               "only stores and admin API: no service, for work on records (see spawnctl state)");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& stop) {
    return app.exit(stop) == 0 ? exit_ok : exit_usage;
  }
  auto loaded = load(path);
  if (!loaded) {
    std::cerr << loaded.error().text << '\n';
    return exit_config;
  }
  if (check) {
    print_origins(*loaded);
    for (const auto& notice : loaded->notices) {
      std::cout << "note: " << notice << '\n';
    }
    std::cout << "configuration is good\n";
    return exit_ok;
  }
  if (!admin.empty()) {
    loaded->value.admin.address = admin;
    loaded->value.admin.tcp_port = 0;
  }
  spawn::log::init(loaded->value.telemetry.log_level, loaded->value.telemetry.log_format);
  const int exit_code = run(std::move(*loaded), path, maintenance);
  spawn::log::write_directly();
  return exit_code;
}
