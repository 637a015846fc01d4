#include "settings.hpp"

#include <boost/asio/ip/address.hpp>

#include "config-common/config.hpp"
#include "route_settings.hpp"

namespace http_activator {

namespace {

using nlohmann::json;
using spawn::plugin::config_number;
using spawn::plugin::refused;

std::optional<tls_settings> tls_of(const json& config) {
  const auto at = config.find("tls");
  if (at == config.end()) {
    return std::nullopt;
  }
  tls_settings out{at->value("cert", std::string()), at->value("key", std::string()),
                   at->value("ca", std::string())};
  for (const auto& [key, value] : {std::pair{"tls.cert", &out.cert}, {"tls.key", &out.key}}) {
    if (value->empty()) {
      throw refused(SPAWN_E_INVALID, std::string("config: ") + key + " is missing");
    }
  }
  return out;
}

std::chrono::milliseconds ms_of(const json& config, const char* key,
                                std::chrono::milliseconds otherwise) {
  return std::chrono::milliseconds(
      config_number(config, key, static_cast<std::uint32_t>(otherwise.count())));
}

}  // namespace

settings parse(const spawn::plugin::create_args& args) {
  const json config = spawn::plugin::with_secrets(args);
  settings out;
  out.address = config.value("address", out.address);
  boost::system::error_code failed;
  (void)boost::asio::ip::make_address(out.address, failed);
  if (failed) {
    throw refused(SPAWN_E_INVALID, "config: address " + out.address + " is not an IP address");
  }
  if (!config.contains("port")) {
    throw refused(SPAWN_E_INVALID, "config: port is missing");
  }
  out.port = config_number(config, "port", out.port);
  out.reuse_port = config.value("reuse_port", out.reuse_port);
  out.tls = tls_of(config);
  if (config.contains("descriptors")) {
    try {
      out.types = std::make_shared<descriptors>(config["descriptors"].get<std::string>());
    } catch (const std::runtime_error& e) {
      throw refused(SPAWN_E_INVALID, std::string("config: descriptors: ") + e.what());
    }
  }
  out.content_type = config.value("content_type", out.content_type);
  out.header_bytes_max = config_number(config, "header_bytes_max", out.header_bytes_max);
  out.body_bytes_max = config_number(config, "body_bytes_max", out.body_bytes_max);
  out.reading_bytes_max = config_number(config, "reading_bytes_max", out.reading_bytes_max);
  out.connections_max = config_number(config, "connections_max", out.connections_max);
  out.batch_events_max = config_number(config, "batch_events_max", out.batch_events_max);
  out.idle = ms_of(config, "idle_ms", out.idle);
  out.read = ms_of(config, "read_ms", out.read);
  out.write = ms_of(config, "write_ms", out.write);
  out.deadline = ms_of(config, "deadline_ms", out.deadline);
  out.queue = ms_of(config, "queue_ms", out.queue);
  if (out.reading_bytes_max < out.body_bytes_max) {
    throw refused(SPAWN_E_INVALID,
                  "config: reading_bytes_max is smaller than body_bytes_max: no body of that size "
                  "could ever be read");
  }
  out.routes = routes_of(config, out.types.get());
  return out;
}

}  // namespace http_activator
