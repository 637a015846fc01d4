#include "settings.hpp"

#include <libpq-fe.h>

#include <memory>
#include <nlohmann/json.hpp>

#include "sql-common/config.hpp"

namespace postgres_store {

namespace {

using nlohmann::json;
using spawn::plugin::refused;

// Host, port and database of the url, for messages; what is wrong with it otherwise.
struct url_parts {
  std::string host, port, database;
};

url_parts take_apart(const std::string& url) {
  char* why = nullptr;
  const std::unique_ptr<PQconninfoOption, decltype(&PQconninfoFree)> options(
      PQconninfoParse(url.c_str(), &why), &PQconninfoFree);
  const std::unique_ptr<char, decltype(&PQfreemem)> error(why, &PQfreemem);
  if (options == nullptr) {
    // libpq quotes the url, and with it the password.
    throw refused(SPAWN_E_INVALID, "config: url is not one of PostgreSQL");
  }
  url_parts out;
  for (const PQconninfoOption* o = options.get(); o->keyword != nullptr; ++o) {
    const std::string_view key(o->keyword);
    if (o->val == nullptr) {
      continue;
    }
    if (key == "host") {
      out.host = o->val;
    } else if (key == "port") {
      out.port = o->val;
    } else if (key == "dbname") {
      out.database = o->val;
    }
  }
  return out;
}

}  // namespace

settings parse(const spawn::plugin::create_args& args) {
  const json config = sql_store::with_secrets(args);
  settings s;
  url_parts parts{"127.0.0.1", "5432", ""};
  if (const auto url = config.value("url", std::string()); !url.empty()) {
    parts = take_apart(url);
    s.connect.emplace_back("dbname", url);  // libpq takes a url in dbname's place, first of all
  } else {
    s.connect.emplace_back("host", parts.host);
    s.connect.emplace_back("port", parts.port);
  }
  if (config.contains("host")) {
    parts.host = config["host"];
    s.connect.emplace_back("host", parts.host);
  }
  if (config.contains("port")) {
    parts.port = std::to_string(sql_store::config_number(config, "port", std::uint16_t{0}));
    s.connect.emplace_back("port", parts.port);
  }
  if (config.contains("database")) {
    parts.database = config["database"];
    s.connect.emplace_back("dbname", parts.database);
  }
  for (const auto& [key, keyword] :
       {std::pair{"username", "user"}, {"password", "password"}, {"ssl_ca", "sslrootcert"}}) {
    if (const auto value = config.value(key, std::string()); !value.empty()) {
      s.connect.emplace_back(keyword, value);
    }
  }
  const bool verify = config.value("ssl_verify", false);
  if (verify && !config.contains("ssl_ca")) {
    s.connect.emplace_back("sslrootcert", sql_store::system_authorities);
  }
  if (verify || config.value("ssl", false)) {
    s.connect.emplace_back("sslmode", verify ? "verify-full" : "require");
  }
  s.where = parts.host + ":" + parts.port + "/" + parts.database;
  s.cockroach = config.value("dialect", std::string("postgres")) == "cockroach";
  s.pool_size = sql_store::config_number(config, "pool_size", s.pool_size);
  s.connect_ms = sql_store::config_number(config, "connect_ms", s.connect_ms);
  s.prepare = config.value("prepare", s.prepare);
  if (const auto schema = config.find("schema"); schema != config.end()) {
    s.create_schema = schema->value("create", s.create_schema);
    s.schema = schema->value("name", s.schema);
    s.prefix = schema->value("table_prefix", s.prefix);
  }
  s.engine = sql_store::engine_settings_of(config);
  return s;
}

}  // namespace postgres_store
