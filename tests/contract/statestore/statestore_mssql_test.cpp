// The statestore contract over ODBC. SPAWN_TEST_POSTGRES_* or SPAWN_TEST_MARIADB_* name a server
// that tests/servers/run_with.py has started; the statements are those for SQL Server.
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <optional>

#include "contract/common/gtest_checks.hpp"
#include "contract/common/loaded_plugin.hpp"
#include "contract/statestore/statestore_suite.hpp"

// psqlodbc loses 74 bytes now and then, on its own account.
extern "C" const char* __lsan_default_suppressions();
extern "C" const char* __lsan_default_suppressions() {
  return "leak:psqlodbcw.so\n";
}

namespace {

struct database {
  std::string dialect, variables, driver;
  [[nodiscard]] std::string says(const char* name) const {
    const char* value = std::getenv((variables + name).c_str());
    return value == nullptr ? "" : value;
  }
};

bool is_installed(const std::string& driver) {
  std::ifstream file("/etc/odbcinst.ini");
  for (std::string line; std::getline(file, line);) {
    if (line == "[" + driver + "]") {
      return true;
    }
  }
  return false;
}

std::optional<database> find_database() {
  for (const database& each : {database{"postgres", "SPAWN_TEST_POSTGRES_", "PostgreSQL Unicode"},
                               database{"mariadb", "SPAWN_TEST_MARIADB_", "MariaDB Unicode"}}) {
    if (!each.says("PORT").empty()) {
      return each;
    }
  }
  return std::nullopt;
}

int skip(const std::string& why) {
  std::fprintf(stderr, "skipped: %s\n", why.c_str());
  return 77;
}

}  // namespace

int main(int argc, char** argv) {
  const spawn_plugin_entry* entry = contract::load_plugin(SPAWN_TEST_PLUGIN);
  testing::InitGoogleTest(&argc, argv);
  const auto on = find_database();
  if (!on.has_value()) {
    return skip("no server: run it through tests/servers/run_with.py");
  }
  if (!is_installed(on->driver)) {
    return skip("the ODBC driver \"" + on->driver + "\" is not installed");
  }
  int made = 0;
  contract::target t;
  t.entry = entry;
  t.one_lane = contract::manifest_says(entry, R"("lanes":"one")");
  t.fresh_config = [&made, &on] {
    return R"({"dialect": ")" + on->dialect + R"(", "driver": ")" + on->driver + R"(", "host": ")" +
           on->says("HOST") + R"(", "port": )" + on->says("PORT") + R"(, "username": ")" +
           on->says("USER") + R"(", "password": ")" + on->says("PASSWORD") + R"(", "database": ")" +
           on->says("DATABASE") + R"(", "schema": {"table_prefix": "t)" +
           std::to_string(::getpid()) + "_" + std::to_string(++made) + R"(_"}})";
  };
  contract::register_checks(contract::statestore_checks(), t);
  return RUN_ALL_TESTS();
}
