// What the plugin's config block says.
#pragma once
#include <cstdint>
#include <string>

#include "spawn/plugin/cpp/plugin.hpp"
#include "sql-common/engine.hpp"

namespace mysql_store {

struct settings {
  std::string host = "127.0.0.1";
  std::uint32_t port = 3306;
  std::string socket;  // of a Unix socket; empty: TCP
  std::string database, username, password;
  bool ssl = false;
  bool ssl_verify = false;
  std::string ssl_ca;
  std::string where;  // for people: host:port/database
  std::uint32_t pool_size = 50;
  std::uint64_t connect_ms = 5'000;
  bool create_schema = true;
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

}  // namespace mysql_store
