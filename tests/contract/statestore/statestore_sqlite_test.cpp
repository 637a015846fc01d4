// The statestore contract over SQLite, and what only a store on a disk can get wrong.
#include <sqlite3.h>

#include "contract/common/gtest_checks.hpp"
#include "contract/common/loaded_plugin.hpp"
#include "contract/common/temp_dir.hpp"
#include "contract/statestore/sqlite_disk.hpp"
#include "contract/statestore/statestore_suite.hpp"
#include "contract/statestore/suite_kill.hpp"

int main(int argc, char** argv) {
  const spawn_plugin_entry* entry = contract::load_plugin(SPAWN_TEST_PLUGIN);
  if (argc == 3 && std::string_view(argv[1]) == contract::writer_flag) {
    return contract::write_until_killed(entry, argv[2]);
  }
  testing::InitGoogleTest(&argc, argv);
  const contract::temp_dir folder;
  int made = 0;
  contract::target t;
  t.entry = entry;
  t.one_lane = contract::manifest_says(entry, R"("lanes":"one")");
  t.fresh_config = [&folder, &made] {
    return R"({"path": ")" + folder.path("store-" + std::to_string(++made) + ".db") + R"("})";
  };
  contract::register_checks(contract::statestore_checks(), t);
  contract::register_checks(contract::kill_checks(), t);
  contract::register_checks(contract::sqlite_disk_checks(), t);
  return RUN_ALL_TESTS();
}
