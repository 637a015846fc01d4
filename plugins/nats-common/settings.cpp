#include "nats-common/settings.hpp"

#include <algorithm>
#include <utility>

#include "config-common/config.hpp"
#include "nats-common/client_options.hpp"

namespace nats_common {

namespace {

using nlohmann::json;
using spawn::plugin::config_number;
using spawn::plugin::refused;

std::string take_text(const json& from, const char* key, std::string otherwise = {}) {
  const auto at = from.find(key);
  return at == from.end() || at->is_null() ? std::move(otherwise) : at->get<std::string>();
}

std::vector<std::string> split(const std::string& urls) {
  std::vector<std::string> out;
  for (std::size_t begin = 0; begin <= urls.size();) {
    const std::size_t end = std::min(urls.find(',', begin), urls.size());
    std::string one = urls.substr(begin, end - begin);
    std::erase(one, ' ');
    if (!one.empty()) {
      out.push_back(std::move(one));
    }
    begin = end + 1;
  }
  return out;
}

void check_servers(const connection_settings& s) {
  if (s.servers.empty()) {
    throw refused(SPAWN_E_INVALID, "config: url is missing");
  }
  for (const std::string& url : s.servers) {
    const std::size_t at = url.find("://");
    const std::string_view scheme = std::string_view(url).substr(0, at);
    if (at != std::string::npos && scheme != "nats" && scheme != "tls") {
      throw refused(SPAWN_E_INVALID, "config: url begins with nats:// or tls://");
    }
  }
}

// One way to say who we are.
void check_identity(const connection_settings& s) {
  const int ways = int{!s.username.empty()} + int{!s.token.empty()} + int{!s.credentials.empty()} +
                   int{!s.nkey_seed.empty()};
  if (ways > 1) {
    throw refused(SPAWN_E_INVALID,
                  "config: only one of username, token, credentials and nkey_seed");
  }
  if (s.username.empty() != s.password.empty()) {
    throw refused(SPAWN_E_INVALID, s.username.empty() ? "config: username is missing"
                                                      : "config: password is missing");
  }
  if (!s.jwt.empty() && s.nkey_seed.empty()) {
    throw refused(SPAWN_E_INVALID, "config: nkey_seed is missing; a jwt is proved with it");
  }
}

tls_settings parse_tls(const json& config, const std::vector<std::string>& servers) {
  tls_settings out;
  out.on = std::any_of(servers.begin(), servers.end(),
                       [](const std::string& url) { return url.starts_with("tls://"); });
  const auto at = config.find("tls");
  if (at == config.end() || at->is_null()) {
    return out;
  }
  out.on = true;
  out.verify = take_text(*at, "verify", "full") != "none";
  out.ca = take_text(*at, "ca");
  out.cert = take_text(*at, "cert");
  out.key = take_text(*at, "key");
  out.server_name = take_text(*at, "server_name");
  if (out.cert.empty() != out.key.empty()) {
    throw refused(SPAWN_E_INVALID,
                  out.key.empty() ? "config: tls.key is missing" : "config: tls.cert is missing");
  }
  return out;
}

}  // namespace

connection_settings parse_connection(const json& config, std::string_view instance_name) {
  connection_settings s;
  s.servers = split(take_text(config, "url", "nats://127.0.0.1:4222"));
  s.instance = instance_name;
  s.name = take_text(config, "client_name", "spawn-" + std::string(instance_name));
  s.username = take_text(config, "username");
  s.password = take_text(config, "password");
  s.token = take_text(config, "token");
  s.credentials = take_text(config, "credentials");
  s.jwt = take_text(config, "jwt");
  s.nkey_seed = take_text(config, "nkey_seed");
  s.inbox_prefix = take_text(config, "inbox_prefix", s.inbox_prefix);
  s.connect_ms = config_number(config, "connect_ms", s.connect_ms);
  s.ping_ms = config_number(config, "ping_ms", s.ping_ms);
  check_servers(s);
  check_identity(s);
  s.tls = parse_tls(config, s.servers);
  (void)make_options(s, s.servers.front());  // files that are not there show here
  return s;
}

std::string shown(std::string_view url) {
  const std::size_t scheme = url.find("://");
  const std::size_t begin = scheme == std::string_view::npos ? 0 : scheme + 3;
  const std::size_t at = url.rfind('@');
  return std::string(url.substr(at == std::string_view::npos ? begin : at + 1));
}

}  // namespace nats_common
