// The part of a config block that says how NATS is reached. The same keys in every plugin that
// speaks NATS.
#pragma once
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace nats_common {

struct tls_settings {
  bool on = false;
  bool verify = true;     // the server's certificate: signed by ca, and for server_name
  std::string ca;         // file; empty: the system's authorities
  std::string cert, key;  // files, the client's own
  std::string server_name;
};

struct connection_settings {
  std::vector<std::string> servers;  // urls; they may hold a password and are never shown
  std::string instance;              // its name in the configuration
  std::string name;                  // what the server shows of us
  std::string username, password, token;
  std::string credentials;     // file with a JWT and its seed
  std::string jwt, nkey_seed;  // the same two as text; a seed alone is a plain nkey
  std::string inbox_prefix = "_INBOX";
  tls_settings tls;
  std::uint32_t connect_ms = 2'000;
  std::uint32_t ping_ms = 10'000;
  std::uint32_t backoff_first_ms = 100, backoff_most_ms = 5'000;
};

// Throws spawn::plugin::refused, which names the key.
[[nodiscard]] connection_settings parse_connection(const nlohmann::json& config,
                                                   std::string_view instance_name);

// A server's url as people may see it: without user and password.
[[nodiscard]] std::string shown(std::string_view url);

}  // namespace nats_common
