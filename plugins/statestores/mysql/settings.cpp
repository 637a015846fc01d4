#include "settings.hpp"

#include <nlohmann/json.hpp>

#include "sql-common/config.hpp"

namespace mysql_store {

using nlohmann::json;
using spawn::plugin::refused;

settings parse(const spawn::plugin::create_args& args) {
  const json config = sql_store::with_secrets(args);
  settings s;
  s.host = config.value("host", s.host);
  s.port = sql_store::config_number(config, "port", s.port);
  s.socket = config.value("socket", std::string());
  s.database = config.value("database", std::string());
  s.username = config.value("username", std::string());
  s.password = config.value("password", std::string());
  if (s.database.empty()) {
    throw refused(SPAWN_E_INVALID, "config: database is missing");
  }
  s.ssl_verify = config.value("ssl_verify", s.ssl_verify);
  s.ssl = s.ssl_verify || config.value("ssl", s.ssl);
  s.ssl_ca = config.value("ssl_ca", std::string());
  s.where =
      (s.socket.empty() ? s.host + ":" + std::to_string(s.port) : s.socket) + "/" + s.database;
  s.pool_size = sql_store::config_number(config, "pool_size", s.pool_size);
  s.connect_ms = sql_store::config_number(config, "connect_ms", s.connect_ms);
  if (const auto schema = config.find("schema"); schema != config.end()) {
    s.create_schema = schema->value("create", s.create_schema);
    s.prefix = schema->value("table_prefix", s.prefix);
  }
  s.engine = sql_store::engine_settings_of(config);
  return s;
}

}  // namespace mysql_store
