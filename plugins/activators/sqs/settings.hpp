// The config block of an instance.
#pragma once
#include <cstdint>
#include <string>

#include "credential_sources.hpp"
#include "http_client.hpp"
#include "spawn/plugin/cpp/plugin.hpp"

namespace sqs {

enum class dead_letters { automatic, redrive, drop };

struct settings {
  std::string queue, account, region, dead_letter_queue, destination, content_type;
  origin endpoint;
  credential_settings credentials;
  tls_settings tls;
  dead_letters dead = dead_letters::automatic;
  std::uint32_t wait_seconds = 20, visibility_seconds = 30, receivers = 4, publishers = 4;
  std::uint32_t max_message_bytes = 262'144, lag_seconds = 10;
  std::uint32_t connect_ms = 5'000, request_ms = 10'000;
};

// Throws refused, which names the key. [control]
[[nodiscard]] settings parse(const spawn::plugin::create_args& args);

// True for a queue that is named by its URL.
[[nodiscard]] bool is_url(std::string_view queue);

// The region in the host of a public endpoint, "sqs.eu-central-1.amazonaws.com"; empty without one.
[[nodiscard]] std::string region_in(std::string_view host);

}  // namespace sqs
