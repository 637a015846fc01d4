#include "config/overrides.hpp"
#include "base/utf8.hpp"

#include <array>

#include "config/scalar.hpp"

namespace spawn::config {
namespace {

enum class shape : std::uint8_t { text, number, boolean };

struct mapping {
  std::string_view name;
  std::array<std::string_view, 3> path;  // unused steps are empty
  shape reads;
  bool hidden;  // never printed
};

constexpr mapping mappings[] = {
    {"PROXY_ACTOR_SYSTEM_NAME", {"system"}, shape::text, false},
    {"PROXY_HTTP_PORT", {"gateway", "http", "port"}, shape::number, false},
    {"PROXY_UDS_ENABLED", {"gateway", "uds", "enabled"}, shape::boolean, false},
    {"PROXY_UDS_ADDRESS", {"gateway", "uds", "path"}, shape::text, false},
    {"USER_FUNCTION_HOST", {"host", "address"}, shape::text, false},
    {"USER_FUNCTION_PORT", {"host", "port"}, shape::number, false},
    {"PROXY_HTTP_CLIENT_ADAPTER_POOL_SIZE", {"host", "connections"}, shape::number, false},
    {"PROXY_HTTP_CLIENT_ADAPTER_POOL_MAX_IDLE_TIMEOUT", {"host", "idle_ms"}, shape::number, false},
    {"SPAWN_DELAYED_INVOKES", {"timers", "enabled"}, shape::boolean, false},
    {"SPAWN_USE_INTERNAL_NATS", {"cross_system", "enabled"}, shape::boolean, false},
    {"SPAWN_STATESTORE_KEY", {"encryption", "key"}, shape::text, true},
};

constexpr std::string_view others[] = {
    "SPAWN_PROXY_LOGGER_LEVEL",
    "SPAWN_DISABLE_METRICS",
    "SPAWN_STATESTORE_KEYS_OLD",
    "PROXY_DATABASE_TYPE",
    "PROXY_DATABASE_NAME",
    "PROXY_DATABASE_USERNAME",
    "PROXY_DATABASE_SECRET",
    "PROXY_DATABASE_HOST",
    "PROXY_DATABASE_PORT",
    "PROXY_DATABASE_POOL_SIZE",
    "PROXY_DATABASE_QUEUE_TARGET",
    "PROXY_DATABASE_SSL",
    "PROXY_DATABASE_SSL_VERIFY",
    "XDG_RUNTIME_DIR",
    "SPAWN_PLUGIN_PATH",
    "SPAWN_PUBSUB_ADAPTER",
    "SPAWN_INTERNAL_NATS_HOSTS",
    "SPAWN_INTERNAL_NATS_TLS",
    "SPAWN_INTERNAL_NATS_AUTH",
    "SPAWN_INTERNAL_NATS_AUTH_USER",
    "SPAWN_INTERNAL_NATS_AUTH_PASS",
    "SPAWN_PUBSUB_NATS_HOSTS",
    "SPAWN_PUBSUB_NATS_TLS",
    "SPAWN_PUBSUB_NATS_AUTH",
    "SPAWN_PUBSUB_NATS_AUTH_USER",
    "SPAWN_PUBSUB_NATS_AUTH_PASS",
};

// The protocol's booleans: exactly true, all else is false.
value boolean_of(const std::string& name, std::string_view text, bool inverted) {
  value v = value::of_bool((text == "true") != inverted);
  v.at.env = name;
  return v;
}

// The names of the protocol's logger, as levels of ours.
std::string_view level_of(std::string_view text) {
  struct pair {
    std::string_view theirs, ours;
  };
  constexpr pair pairs[] = {
      {"all", "trace"},   {"notice", "info"},     {"warning", "warn"}, {"critical", "error"},
      {"alert", "error"}, {"emergency", "error"}, {"none", "off"},
  };
  for (const auto& p : pairs) {
    if (p.theirs == text) {
      return p.ours;
    }
  }
  return text;
}

void put(value& root, const std::array<std::string_view, 3>& path, value v,
         const std::string& name) {
  value* here = &root;
  for (std::size_t i = 0; here != nullptr; ++i) {
    if (i + 1 == path.size() || path[i + 1].empty()) {
      here->put(path[i], std::move(v));
      return;
    }
    here = map_at(*here, std::string(path[i]), name);
  }
}

void apply_mapping(value& root, const mapping& m, std::string_view text, problems& found) {
  const std::string name(m.name);
  std::string pointer;
  for (const auto step : m.path) {
    pointer = step.empty() ? pointer : pointer_step(pointer, step);
  }
  if (!is_utf8(text)) {
    found.add({0, 0, name}, pointer, "the value is not valid UTF-8");
    return;
  }
  if (m.reads == shape::number && !read_integer(text)) {
    found.add({0, 0, name}, pointer, "expected a whole number, got \"" + std::string(text) + "\"");
    return;
  }
  value v = m.reads == shape::boolean ? boolean_of(name, text, false) : from_variable(name, text);
  v.secret = m.hidden;
  put(root, m.path, std::move(v), name);
}

void apply_old_keys(value& root, std::string_view text, problems& found) {
  const std::string name = "SPAWN_STATESTORE_KEYS_OLD";
  value list;
  list.is = value::kind::list;
  list.at.env = name;
  while (true) {
    const auto comma = text.find(',');
    value key = from_variable(name, text.substr(0, comma));
    key.secret = true;
    if (!is_utf8(key.text)) {
      found.add(key.at, "/encryption/keys", "the value is not valid UTF-8");
      return;
    }
    list.items.push_back(std::move(key));
    if (comma == std::string_view::npos) {
      break;
    }
    text.remove_prefix(comma + 1);
  }
  put(root, {"encryption", "keys"}, std::move(list), name);
}

// Where no file says where plugins are.
void apply_plugin_path(value& root, std::string_view text) {
  const std::string name = "SPAWN_PLUGIN_PATH";
  value* plugins = map_at(root, "plugins", name);
  if (plugins == nullptr || plugins->find("path") != nullptr) {
    return;
  }
  value list;
  list.is = value::kind::list;
  list.at.env = name;
  list.items.push_back(from_variable(name, text));
  plugins->put("path", std::move(list));
}

// PROXY_UDS_ENABLED alone means the socket instead of TCP, as the protocol has it; who also says
// something about TCP wants both.
void apply_uds_instead(value& root, const environment& env, std::vector<std::string>& notices) {
  const value* gateway = root.find("gateway");
  const value* http = gateway == nullptr ? nullptr : gateway->find("http");
  const bool http_wanted =
      (http != nullptr && http->is != value::kind::null) || env.get("PROXY_HTTP_PORT");
  if (env.get("PROXY_UDS_ENABLED") != "true" || http_wanted) {
    return;
  }
  const std::string name = "PROXY_UDS_ENABLED";
  put(root, {"gateway", "http", "enabled"}, boolean_of(name, "false", false), name);
  notices.push_back(
      "gateway: PROXY_UDS_ENABLED alone turns TCP off; set PROXY_HTTP_PORT or gateway.http to have "
      "both");
}

}  // namespace

value from_variable(const std::string& name, std::string_view text) {
  value v = value::of_text(std::string(text));
  v.untyped = true;
  v.at.env = name;
  return v;
}

value* map_at(value& parent, const std::string& key, const std::string& name) {
  value* found = parent.find(key);
  if (found == nullptr || found->is == value::kind::null) {
    value fresh = value::object();
    fresh.at.env = name;
    return &parent.put(key, std::move(fresh));
  }
  return found->is == value::kind::object ? found : nullptr;
}

void apply_environment(value& root, const environment& env, const std::string& file,
                       problems& found, std::vector<std::string>& notices) {
  apply_uds_instead(root, env, notices);
  for (const auto& m : mappings) {
    if (const auto text = env.get(m.name)) {
      apply_mapping(root, m, *text, found);
    }
  }
  if (const auto text = env.get("SPAWN_PROXY_LOGGER_LEVEL")) {
    const std::string name = "SPAWN_PROXY_LOGGER_LEVEL";
    value v = from_variable(name, is_utf8(*text) ? level_of(*text) : "?");
    put(root, {"telemetry", "log", "level"}, std::move(v), name);
  }
  if (const auto text = env.get("SPAWN_DISABLE_METRICS")) {
    const std::string name = "SPAWN_DISABLE_METRICS";
    put(root, {"telemetry", "metrics", "enabled"}, boolean_of(name, *text, true), name);
  }
  if (const auto text = env.get("SPAWN_STATESTORE_KEYS_OLD")) {
    apply_old_keys(root, *text, found);
  }
  if (const auto text = env.get("SPAWN_PLUGIN_PATH")) {
    apply_plugin_path(root, *text);
  }
  apply_internal_nats(root, env, file, notices);
  apply_database(root, env, file, found, notices);
}

const std::vector<std::string>& variables_read() {
  static const std::vector<std::string> all = [] {
    std::vector<std::string> out;
    for (const auto& m : mappings) {
      out.emplace_back(m.name);
    }
    for (const auto name : others) {
      out.emplace_back(name);
    }
    return out;
  }();
  return all;
}

}  // namespace spawn::config
