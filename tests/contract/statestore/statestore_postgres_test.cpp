// The statestore contract over PostgreSQL. SPAWN_TEST_POSTGRES_URL names a server that
// tests/servers/run_with.py has started; SPAWN_TEST_DIALECT says which of the plugin's dialects.
#include <cstdlib>

#include "contract/common/gtest_checks.hpp"
#include "contract/common/loaded_plugin.hpp"
#include "contract/statestore/statestore_suite.hpp"

int main(int argc, char** argv) {
  const spawn_plugin_entry* entry = contract::load_plugin(SPAWN_TEST_PLUGIN);
  testing::InitGoogleTest(&argc, argv);
  const char* url = std::getenv("SPAWN_TEST_POSTGRES_URL");
  const char* dialect = std::getenv("SPAWN_TEST_DIALECT");
  if (url == nullptr) {
    std::fputs("SPAWN_TEST_POSTGRES_URL is not set: run it through tests/servers/run_with.py\n",
               stderr);
    return 77;
  }
  int made = 0;
  contract::target t;
  t.entry = entry;
  t.one_lane = contract::manifest_says(entry, R"("lanes":"one")");
  t.fresh_config = [&made, url, dialect] {
    return std::string(R"({"url": ")") + url + R"(", "dialect": ")" +
           (dialect != nullptr ? dialect : "postgres") + R"(", "schema": {"table_prefix": "t)" +
           std::to_string(++made) + R"(_"}})";
  };
  contract::register_checks(contract::statestore_checks(), t);
  return RUN_ALL_TESTS();
}
