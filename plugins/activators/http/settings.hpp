// What the plugin's config block says.
#pragma once
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "descriptors.hpp"
#include "routes.hpp"
#include "spawn/plugin/cpp/plugin.hpp"

namespace http_activator {

struct tls_settings {
  std::string cert, key;  // files
  std::string ca;         // file; not empty: clients need a certificate that it signed
};

struct settings {
  std::string address = "127.0.0.1";
  std::uint16_t port = 0;  // 0: any free one; the log says which
  bool reuse_port = false;
  std::optional<tls_settings> tls;
  route_table routes;
  std::shared_ptr<const descriptors> types;  // null: nothing is converted
  std::string content_type;                  // of bodies that come without one
  std::uint32_t header_bytes_max = 16u << 10;
  std::uint32_t body_bytes_max = 1u << 20;
  std::uint64_t reading_bytes_max = 64u << 20;  // bodies on their way in, all connections together
  std::uint32_t connections_max = 1'024;
  std::uint32_t batch_events_max = 100;
  std::chrono::milliseconds idle{60'000};      // a connection without a request
  std::chrono::milliseconds read{30'000};      // from a request's first byte to its last
  std::chrono::milliseconds write{30'000};     // for an answer to be taken
  std::chrono::milliseconds deadline{30'000};  // from a request's last byte to its answer
  std::chrono::milliseconds queue{0};          // of that, to wait for room in the window
};

// Throws refused, which names the key. The config has been checked against the plugin's schema;
// files that it names are read here. [control]
[[nodiscard]] settings parse(const spawn::plugin::create_args& args);

}  // namespace http_activator
