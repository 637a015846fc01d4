// What the plugin's config block says.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "spawn/plugin/cpp/plugin.hpp"

namespace grpc_source {

// The texts of PEM files. `ca` empty: clients need no certificate.
struct tls_settings {
  std::string cert, key, ca;
};

struct http_settings {
  std::uint16_t port = 0;
  std::uint32_t timeout_ms = 60'000;
  std::uint32_t idle_ms = 60'000;
  std::uint32_t max_connections = 1'024;
};

struct settings {
  std::vector<std::string> protos;  // folders and files
  std::string descriptors;          // a file; may be empty
  std::string system;               // empty: the kernel's
  std::string address = "0.0.0.0";
  std::uint16_t port = 9980;
  std::uint32_t threads = 2;
  std::uint32_t max_calls = 4'096;
  std::uint32_t stream_window = 16;
  std::uint32_t max_message_bytes = 4u << 20;
  bool reflection = true;
  std::optional<tls_settings> tls;
  std::optional<http_settings> http;
};

// Reads the PEM files too. Throws refused, which names the key. [control]
[[nodiscard]] settings parse(const spawn::plugin::create_args& args);

}  // namespace grpc_source
