// What the plugin's config block says.
#pragma once
#include <cstdint>
#include <string>

#include "spawn/plugin/cpp/plugin.hpp"
#include "sql-common/engine.hpp"

namespace mssql_store {

// Whose CREATE TABLE and which words of a connection string; no other statement knows it.
enum class dialect : std::uint8_t { mssql, postgres, mariadb };

struct settings {
  dialect speaks = dialect::mssql;
  std::string connect;     // the connection string, with its password
  std::string password;    // to be taken out of what a driver says
  std::string where;       // for people: host:port/database
  std::uint32_t port = 0;  // 0: the connection string says it
  std::uint32_t pool_size = 50;
  std::uint64_t connect_ms = 5'000;
  bool create_schema = true;
  std::string schema;  // empty: the account's own
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

}  // namespace mssql_store
