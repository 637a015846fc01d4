// What the plugin's config block says.
#pragma once
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "spawn/plugin/cpp/plugin.hpp"
#include "sql-common/engine.hpp"

namespace postgres_store {

struct settings {
  std::vector<std::pair<std::string, std::string>> connect;  // libpq's keywords and values
  std::string where;                                         // for people: host:port/database
  bool cockroach = false;
  std::uint32_t pool_size = 50;
  std::uint64_t connect_ms = 5'000;
  bool prepare = true;
  bool create_schema = true;
  std::string schema = "public";
  std::string prefix = "spawn_";
  sql_store::engine_settings engine;
};

// Throws refused. The config has been checked against the plugin's schema.
[[nodiscard]] settings parse(const spawn::plugin::create_args& args);
// The same instance, which makes its tables.
[[nodiscard]] inline settings making_tables(settings s) {
  s.create_schema = true;
  return s;
}

}  // namespace postgres_store
