// PROXY_DATABASE_*: the default statestore, said by the environment.
#include "base/utf8.hpp"
#include "config/overrides.hpp"
#include "config/scalar.hpp"

namespace spawn::config {
namespace {

struct database_kind {
  std::string_view type;    // as the protocol names it
  std::string_view plugin;  // as ours is named
  std::string_view port;    // empty: a file, not a server
};

constexpr database_kind kinds[] = {
    {"native", "sqlite", ""},   {"sqlite", "sqlite", ""},         {"mariadb", "mysql", "3306"},
    {"mysql", "mysql", "3306"}, {"postgres", "postgres", "5432"}, {"mssql", "mssql", "1433"},
};

constexpr std::string_view type_variable = "PROXY_DATABASE_TYPE";

// Letters, digits and ._- stay; the rest is %XX, so a system's name is one safe directory name.
std::string directory_name(std::string_view system) {
  static constexpr char hex[] = "0123456789ABCDEF";
  std::string out;
  for (const char c : system) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                       c == '_' || c == '-' || (c == '.' && !out.empty());
    if (plain) {
      out += c;
    } else {
      out += '%';
      out += hex[byte >> 4];
      out += hex[byte & 15];
    }
  }
  return out;
}

bool uses(const value* store, std::string_view plugin) {
  const value* use = store == nullptr ? nullptr : store->find("use");
  return use != nullptr && use->text.substr(0, use->text.find('@')) == plugin;
}

struct field {
  std::string_view variable;
  std::string_view key;
  std::string_view preset;
  bool number;
  bool secret;
};

constexpr field fields[] = {
    {"PROXY_DATABASE_HOST", "host", "127.0.0.1", false, false},
    {"PROXY_DATABASE_PORT", "port", "", true, false},
    {"PROXY_DATABASE_NAME", "database", "eigr-functions-db", false, false},
    {"PROXY_DATABASE_USERNAME", "username", "admin", false, false},
    {"PROXY_DATABASE_SECRET", "password", "admin", false, true},
    {"PROXY_DATABASE_POOL_SIZE", "pool_size", "50", true, false},
    {"PROXY_DATABASE_QUEUE_TARGET", "queue_target_ms", "10000", true, false},
};

value server_config(const database_kind& kind, const environment& env, problems& found) {
  value config = value::object();
  config.at.env = type_variable;
  for (const auto& f : fields) {
    const auto set = env.get(f.variable);
    const std::string name(set ? f.variable : type_variable);
    const auto text = set ? *set : (f.key == "port" ? kind.port : f.preset);
    if (!is_utf8(text)) {
      found.add({0, 0, name}, "/statestores", "the value is not valid UTF-8");
      continue;
    }
    value v = from_variable(name, text);
    if (f.number) {
      const auto n = read_integer(text);
      if (!n || *n < 0) {
        found.add({0, 0, name}, "/statestores",
                  "expected a whole number, got \"" + std::string(text) + "\"");
        continue;
      }
      v = value::of_integer(*n);
      v.at.env = name;
    }
    v.secret = f.secret;
    config.put(f.key, std::move(v));
  }
  for (const auto& [variable, key] : {std::pair{"PROXY_DATABASE_SSL", "ssl"},
                                      std::pair{"PROXY_DATABASE_SSL_VERIFY", "ssl_verify"}}) {
    value v = value::of_bool(env.get(variable) == "true");
    v.at.env = env.get(variable) ? variable : std::string(type_variable);
    config.put(key, std::move(v));
  }
  return config;
}

value file_config(const value& root) {
  const value* system = root.find("system");
  const bool named =
      system != nullptr && system->is == value::kind::string && !system->text.empty();
  value path = value::of_text("/data/" + directory_name(named ? system->text : "spawn-system") +
                              "/spawn.db");
  path.at.env = type_variable;
  value config = value::object();
  config.at.env = type_variable;
  config.put("path", std::move(path));
  return config;
}

const database_kind* kind_of(std::string_view type) {
  for (const auto& k : kinds) {
    if (k.type == type) {
      return &k;
    }
  }
  return nullptr;
}

void note_unused(const environment& env, std::vector<std::string>& notices) {
  for (const auto& f : fields) {
    if (env.get(f.variable)) {
      notices.push_back("statestores: " + std::string(f.variable) +
                        " is set but PROXY_DATABASE_TYPE is not, so it is not used");
    }
  }
}

}  // namespace

void apply_database(value& root, const environment& env, const std::string& file, problems& found,
                    std::vector<std::string>& notices) {
  const auto type = env.get(type_variable);
  if (!type) {
    note_unused(env, notices);
    return;
  }
  const std::string name(type_variable);
  const database_kind* kind = kind_of(*type);
  if (kind == nullptr) {
    const std::string shown = is_utf8(*type) ? std::string(*type) : "?";
    found.add({0, 0, name}, "/statestores",
              "expected one of native, mariadb, mssql, postgres, got \"" + shown + "\"");
    return;
  }
  value* stores = map_at(root, "statestores", name);
  if (stores == nullptr) {
    return;
  }
  // The default store is replaced under its own name, so that what refers to it still does.
  value* first = stores->members.empty() ? nullptr : &stores->members[0].is;
  if (kind->port.empty() && uses(first, kind->plugin)) {
    notices.push_back("statestores: PROXY_DATABASE_TYPE=" + std::string(*type) + " agrees with " +
                      file + ", whose config is kept");
    return;
  }
  value store = value::object();
  store.at.env = name;
  value use = from_variable(name, kind->plugin);
  store.put("use", std::move(use));
  store.put("config", kind->port.empty() ? file_config(root) : server_config(*kind, env, found));
  const bool replaced = first != nullptr;
  if (replaced) {
    *first = std::move(store);
  } else {
    stores->put("main", std::move(store));
  }
  notices.push_back("statestores: " + (replaced ? stores->members[0].key : std::string("main")) +
                    " is from environment PROXY_DATABASE_TYPE=" + std::string(*type) +
                    (replaced ? ", not from " + file : ""));
}

}  // namespace spawn::config
