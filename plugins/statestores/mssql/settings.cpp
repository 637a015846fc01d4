#include "settings.hpp"

#include <algorithm>
#include <cctype>
#include <nlohmann/json.hpp>

#include "sql-common/config.hpp"

namespace mssql_store {

using nlohmann::json;
using spawn::plugin::refused;

namespace {

std::string lower(std::string s) {
  std::transform(s.begin(), s.end(), s.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return s;
}

bool names(const std::string& connection_string, const char* word) {
  std::string text = lower(";" + connection_string);
  std::erase(text, ' ');
  return text.find(std::string(";") + word + "=") != std::string::npos;
}

class connect_string {
 public:
  void put(const char* word, const std::string& value) {
    if (value.empty()) {
      return;
    }
    // No driver agrees with another on how a brace stands within braces.
    const bool braced = value.find_first_of(" ;{}[](),?*=!@") != std::string::npos;
    if (braced && value.find('}') != std::string::npos) {
      throw refused(SPAWN_E_INVALID, std::string("config: the value that becomes ") + word +
                                         " in the connection string may not have a }");
    }
    if (value.find('\0') != std::string::npos) {
      throw refused(SPAWN_E_INVALID, std::string("config: NUL in ") + word);
    }
    out_ += std::string(word) + "=" + (braced ? "{" + value + "}" : value) + ";";
  }
  void append(const std::string& text) { out_ += text; }
  [[nodiscard]] std::string take() { return std::move(out_); }

 private:
  std::string out_;
};

// The words for TLS are each driver's own.
void put_tls(connect_string& to, dialect speaks, const std::string& driver, bool verify) {
  if (speaks == dialect::postgres) {
    return to.put("SSLmode", verify ? "verify-full" : "require");
  }
  if (speaks == dialect::mariadb) {
    to.put("FORCETLS", "1");
    return to.put("SSLVERIFY", verify ? "1" : "0");
  }
  const std::string name = lower(driver);
  const bool microsoft = name.find("msodbcsql") != std::string::npos ||
                         name.find("for sql server") != std::string::npos;
  if (microsoft) {
    to.put("Encrypt", "yes");
    return to.put("TrustServerCertificate", verify ? "no" : "yes");
  }
  if (verify) {
    throw refused(SPAWN_E_INVALID,
                  "config: FreeTDS takes the authorities of ssl_verify from freetds.conf only: "
                  "name the server's entry there (`ca file`, `check certificate hostname`) with "
                  "connection_string: \"Servername=ENTRY\", or use Microsoft's driver");
  }
  to.put("Encryption", "require");
}

dialect dialect_of(const std::string& name) {
  return name == "postgres"  ? dialect::postgres
         : name == "mariadb" ? dialect::mariadb
                             : dialect::mssql;
}

const char* usual_driver(dialect d) {
  return d == dialect::postgres  ? "PostgreSQL Unicode"
         : d == dialect::mariadb ? "MariaDB Unicode"
                                 : "FreeTDS";
}

std::uint32_t usual_port(dialect d) {
  return d == dialect::postgres ? 5432 : d == dialect::mariadb ? 3306 : 1433;
}

std::string connect_of(const json& config, settings& s) {
  const std::string own = config.value("connection_string", std::string());
  // Where it would be shown, and might be said again by a driver.
  if (names(own, "pwd") || names(own, "password")) {
    throw refused(SPAWN_E_INVALID, "config: no password in connection_string; say it as password");
  }
  const bool has_server = names(own, "server") || names(own, "servername") || names(own, "dsn");
  const bool has_driver = names(own, "driver") || names(own, "dsn");
  const std::string driver =
      config.value("driver", has_driver ? std::string() : usual_driver(s.speaks));
  connect_string out;
  out.put("Driver", driver);
  const std::string host =
      config.value("host", has_server ? std::string() : std::string("127.0.0.1"));
  if (!host.empty()) {
    s.port = sql_store::config_number(config, "port", usual_port(s.speaks));
    out.put("Server", host);
    out.put("Port", std::to_string(s.port));
  }
  const std::string database = config.value("database", std::string());
  if (database.empty() && !names(own, "database") && !names(own, "dsn")) {
    throw refused(SPAWN_E_INVALID, "config: database is missing");
  }
  out.put("Database", database);
  out.put("UID", config.value("username", std::string()));
  s.password = config.value("password", std::string());
  out.put("PWD", s.password);
  const bool verify = config.value("ssl_verify", false);
  if (verify || config.value("ssl", false)) {
    put_tls(out, s.speaks, driver, verify);
  }
  if (s.speaks == dialect::postgres) {
    // A failed statement ends its transaction; savepoints around each would double the round trips.
    out.put("Protocol", "7.4-1");
    out.put("ByteaAsLongVarBinary", "1");
  } else if (s.speaks == dialect::mariadb) {
    out.put("CHARSET", "utf8mb4");
  } else if (lower(driver).find("tds") != std::string::npos) {
    out.put("TDS_Version", "7.4");
    out.put("TextSize", "2147483647");
    out.put("ClientCharset", "UTF-8");
  }
  out.append(own);
  s.where = (host.empty() ? std::string("its connection string")
                          : host + ":" + std::to_string(s.port) + "/" + database);
  return out.take();
}

}  // namespace

settings parse(const spawn::plugin::create_args& args) {
  const json config = sql_store::with_secrets(args);
  settings s;
  s.speaks = dialect_of(config.value("dialect", std::string("mssql")));
  s.connect = connect_of(config, s);
  s.pool_size = sql_store::config_number(config, "pool_size", s.pool_size);
  s.connect_ms = sql_store::config_number(config, "connect_ms", s.connect_ms);
  if (const auto schema = config.find("schema"); schema != config.end()) {
    s.create_schema = schema->value("create", s.create_schema);
    s.schema = schema->value("name", s.schema);
    s.prefix = schema->value("table_prefix", s.prefix);
  }
  s.engine = sql_store::engine_settings_of(config);
  return s;
}

}  // namespace mssql_store
