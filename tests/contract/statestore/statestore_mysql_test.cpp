// The statestore contract over MySQL or MariaDB. SPAWN_TEST_MARIADB_* name a server that
// tests/servers/run_with.py has started.
#include <unistd.h>

#include <cstdlib>

#include "contract/common/gtest_checks.hpp"
#include "contract/common/loaded_plugin.hpp"
#include "contract/statestore/statestore_suite.hpp"

namespace {

std::string from_environment(const char* name) {
  const char* value = std::getenv((std::string("SPAWN_TEST_MARIADB_") + name).c_str());
  return value == nullptr ? "" : value;
}

}  // namespace

int main(int argc, char** argv) {
  const spawn_plugin_entry* entry = contract::load_plugin(SPAWN_TEST_PLUGIN);
  testing::InitGoogleTest(&argc, argv);
  if (from_environment("PORT").empty()) {
    std::fputs("SPAWN_TEST_MARIADB_PORT is not set: run it through tests/servers/run_with.py\n",
               stderr);
    return 77;
  }
  int made = 0;
  contract::target t;
  t.entry = entry;
  t.one_lane = contract::manifest_says(entry, R"("lanes":"one")");
  t.fresh_config = [&made] {
    return R"({"host": ")" + from_environment("HOST") + R"(", "port": )" +
           from_environment("PORT") + R"(, "username": ")" + from_environment("USER") +
           R"(", "password": ")" + from_environment("PASSWORD") + R"(", "database": ")" +
           from_environment("DATABASE") + R"(", "schema": {"table_prefix": "t)" +
           std::to_string(::getpid()) + "_" + std::to_string(++made) + R"(_"}})";
  };
  contract::register_checks(contract::statestore_checks(), t);
  return RUN_ALL_TESTS();
}
