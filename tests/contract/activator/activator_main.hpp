// The program of one plugin's contract test: its driver, and a line of main().
//
//   int main(int argc, char** argv) {
//     my_broker broker;
//     return contract::run_activator_contract(argc, argv, SPAWN_TEST_PLUGIN, broker);
//   }
#pragma once
#include <string>
#include <vector>

#include "contract/activator/activator_suite.hpp"
#include "contract/activator/killed_client.hpp"
#include "contract/common/gtest_checks.hpp"
#include "contract/common/loaded_plugin.hpp"

namespace contract {

// The exit code of a test that run_with.py, or ctest, shows as skipped.
inline constexpr int skipped_program = 77;

// `own`: checks of that plugin alone, made with the same broker.
inline int run_activator_contract(int argc, char** argv, const std::string& plugin_path,
                                  broker& source, const std::vector<check>& own = {}) {
  target t;
  t.entry = load_plugin(plugin_path);
  t.one_lane = manifest_says(t.entry, R"("lanes":"one")");
  if (runs_as_killed_client(argc, argv, t.entry, source)) {
    return 1;
  }
  testing::InitGoogleTest(&argc, argv);
  register_checks(activator_checks(source), t);
  register_checks(own, t);
  return RUN_ALL_TESTS();
}

}  // namespace contract
