#include "settings.hpp"

#include <boost/asio/ip/address.hpp>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "config-common/config.hpp"

namespace grpc_source {

namespace {

using nlohmann::json;
using spawn::plugin::config_number;
using spawn::plugin::refused;

std::string pem(const json& from, const char* key) {
  const auto file = from.value(key, std::string());
  if (file.empty()) {
    return {};
  }
  std::ifstream in(file, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(in), {}};
  if (!in || text.empty()) {
    throw refused(SPAWN_E_INVALID,
                  std::string("config: tls.") + key + " names " + file + ", which can not be read");
  }
  return text;
}

tls_settings tls_of(const json& from) {
  tls_settings out{pem(from, "cert"), pem(from, "key"), pem(from, "ca")};
  for (const auto& [key, text] : {std::pair{"cert", &out.cert}, {"key", &out.key}}) {
    if (text->empty()) {
      throw refused(SPAWN_E_INVALID, std::string("config: tls.") + key + " is missing");
    }
  }
  return out;
}

http_settings http_of(const json& from) {
  http_settings out;
  out.port = config_number(from, "port", out.port);
  if (out.port == 0) {
    throw refused(SPAWN_E_INVALID, "config: http.port is missing");
  }
  out.timeout_ms = config_number(from, "timeout_ms", out.timeout_ms);
  out.idle_ms = config_number(from, "idle_ms", out.idle_ms);
  out.max_connections = config_number(from, "max_connections", out.max_connections);
  return out;
}

}  // namespace

settings parse(const spawn::plugin::create_args& args) {
  const json config = spawn::plugin::with_secrets(args);
  settings s;
  s.protos = config.value("protos", s.protos);
  s.descriptors = config.value("descriptors", s.descriptors);
  if (s.protos.empty() && s.descriptors.empty()) {
    throw refused(SPAWN_E_INVALID, "config: protos is missing, and descriptors too: say one");
  }
  s.system = config.value("system", s.system);
  s.address = config.value("address", s.address);
  boost::system::error_code no_address;
  (void)boost::asio::ip::make_address(s.address, no_address);
  if (no_address) {
    throw refused(SPAWN_E_INVALID, "config: address is no IP address");
  }
  s.port = config_number(config, "port", s.port);
  s.threads = config_number(config, "threads", s.threads);
  s.max_calls = config_number(config, "max_calls", s.max_calls);
  s.stream_window = config_number(config, "stream_window", s.stream_window);
  s.max_message_bytes = config_number(config, "max_message_bytes", s.max_message_bytes);
  s.reflection = config.value("reflection", s.reflection);
  if (const auto tls = config.find("tls"); tls != config.end()) {
    s.tls = tls_of(*tls);
  }
  if (const auto http = config.find("http"); http != config.end()) {
    s.http = http_of(*http);
    if (s.http->port == s.port) {
      throw refused(SPAWN_E_INVALID, "config: http.port is the same as port");
    }
  }
  return s;
}

}  // namespace grpc_source
