// SPAWN_INTERNAL_NATS_* and SPAWN_PUBSUB_NATS_*: the transport, said by the environment.
#include <algorithm>

#include "config/overrides.hpp"

namespace spawn::config {
namespace {

constexpr std::string_view cross_system = "SPAWN_USE_INTERNAL_NATS";
constexpr std::string_view adapter = "SPAWN_PUBSUB_ADAPTER";
constexpr std::string_view default_url = "nats://127.0.0.1:4222";

// One server, or several with commas between them, each with or without its scheme.
std::string with_scheme(std::string_view hosts) {
  std::string out;
  while (!hosts.empty()) {
    const auto comma = hosts.find(',');
    std::string_view one = hosts.substr(0, comma);
    hosts.remove_prefix(comma == hosts.npos ? hosts.size() : comma + 1);
    one.remove_prefix(std::min(one.find_first_not_of(' '), one.size()));
    one = one.substr(0, one.find(' '));
    out += out.empty() ? "" : ",";
    out += one.find("://") == one.npos ? "nats://" : "";
    out += one;
  }
  return out;
}

value nats_config(const std::string& family, const environment& env) {
  value config = value::object();
  config.at.env = family + "HOSTS";
  const auto hosts = env.get(family + "HOSTS");
  config.put("url", from_variable(family + "HOSTS", with_scheme(hosts.value_or(default_url))));
  if (env.get(family + "AUTH") == "true") {
    for (const auto& [variable, key] :
         {std::pair{"AUTH_USER", "username"}, std::pair{"AUTH_PASS", "password"}}) {
      value v = from_variable(family + variable, env.get(family + variable).value_or("admin"));
      v.secret = std::string_view(key) == "password";
      config.put(key, std::move(v));
    }
  }
  if (env.get(family + "TLS") == "true") {
    value tls = value::object();
    tls.at.env = family + "TLS";
    config.put("tls", std::move(tls));
  }
  return config;
}

}  // namespace

void apply_internal_nats(value& root, const environment& env, const std::string& file,
                         std::vector<std::string>& notices) {
  const bool calls = env.get(cross_system) == "true";
  const bool channels = env.get(adapter) == "nats";
  if (!calls && !channels) {
    return;
  }
  const std::string name(calls ? cross_system : adapter);
  if (const value* there = root.find("transport");
      there != nullptr && there->is != value::kind::null) {
    notices.push_back("transport: " + name + " is set, and the transport is that of " + file);
    return;
  }
  value transport = value::object();
  transport.at.env = name;
  const std::string family = calls ? "SPAWN_INTERNAL_NATS_" : "SPAWN_PUBSUB_NATS_";
  if (calls && channels && env.get("SPAWN_PUBSUB_NATS_HOSTS") != env.get(family + "HOSTS")) {
    notices.push_back("transport: there is one; SPAWN_PUBSUB_NATS_* are not used beside " + name);
  }
  if (env.get(family + "AUTH_TYPE").value_or("simple") != "simple") {
    notices.push_back(
        "transport: " + family +
        "AUTH_TYPE is not used; a file says jwt, nkey_seed or credentials of transport "
        "nats");
  }
  transport.put("use", from_variable(name, "nats"));
  transport.put("config", nats_config(calls ? "SPAWN_INTERNAL_NATS_" : "SPAWN_PUBSUB_NATS_", env));
  root.put("transport", std::move(transport));
  notices.push_back("transport: nats, from environment " + name);
}

}  // namespace spawn::config
