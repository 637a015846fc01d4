#include "restart.hpp"

#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "command_broker.hpp"
#include "contract/activator/killed_client.hpp"
#include "contract/statestore/suite_kill.hpp"
#include "subject.hpp"

namespace spawn::check {
namespace {

constexpr const char* plugin_variable = "SPAWN_CHECK_PLUGIN";
constexpr const char* driver_variable = "SPAWN_CHECK_DRIVER";
constexpr const char* patience_variable = "SPAWN_CHECK_PATIENCE_MS";

}  // namespace

void tell_restarted(const options& given) {
  (void)::setenv(plugin_variable, given.plugin.c_str(), 1);
  (void)::setenv(driver_variable, given.driver.c_str(), 1);
  (void)::setenv(patience_variable, std::to_string(given.patience.count()).c_str(), 1);
}

std::optional<int> run_restarted(int argc, char** argv) {
  const char* plugin = std::getenv(plugin_variable);
  const char* driver = std::getenv(driver_variable);
  const char* patience = std::getenv(patience_variable);
  if (argc < 3 || plugin == nullptr || driver == nullptr || patience == nullptr) {
    return std::nullopt;
  }
  try {
    if (contract::writer_flag == argv[1]) {
      return contract::write_until_killed(entry_function(open_library(plugin))(), argv[2]);
    }
    if (contract::killed_client_flag == argv[1]) {
      command_broker source(driver, std::chrono::milliseconds(std::atol(patience)));
      const bool ran = contract::runs_as_killed_client(
          argc, argv, entry_function(open_library(plugin))(), source);
      return ran ? exit_failed : exit_usage;
    }
  } catch (const contract::failed& e) {
    std::fprintf(stderr, "%s\n", e.what.c_str());
    return exit_failed;
  }
  return std::nullopt;
}

}  // namespace spawn::check
