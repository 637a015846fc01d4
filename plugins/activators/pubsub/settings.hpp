// What the plugin's config block says.
#pragma once
#include <cstdint>
#include <memory>
#include <string>

#include "jwt.hpp"
#include "spawn/plugin/cpp/plugin.hpp"

namespace pubsub {

enum class verify_mode : std::uint8_t { full, ca, none };

// How the plugin says who it is. key_file: tokens signed by a service account.
enum class auth_mode : std::uint8_t { none, key_file, metadata };

struct settings {
  std::string endpoint;      // host:port, without a scheme
  std::string subscription;  // projects/P/subscriptions/S; empty: nothing is fetched
  std::string topic;         // projects/P/topics/T, of messages that name none; may be empty
  std::string topics;        // what stands before the name of a topic: projects/P/topics/
  bool tls = true;
  verify_mode verify = verify_mode::full;
  std::string ca_pem, cert_pem, key_pem;
  auth_mode auth = auth_mode::none;
  std::shared_ptr<const service_account> account;  // with key_file

  std::uint32_t streams = 1;
  std::uint32_t ack_deadline_s = 60;
  std::uint64_t max_outstanding_bytes = 64U << 20U;
  std::string dead_letter_topic;        // empty: none
  bool dead_letters_by_policy = false;  // the subscription's own policy takes them
  std::string content_type;             // of messages that do not say theirs

  bool ordering_keys = true;  // a sink message's key becomes its ordering key
  std::uint32_t batch_messages = 100;
  std::uint64_t batch_bytes = 1'000'000;
  std::uint32_t batch_ms = 5;
  std::uint32_t call_ms = 10'000;
  std::uint32_t keepalive_ms = 60'000;

  // The full name of a topic that is given by its last part or in full.
  [[nodiscard]] std::string topic_name(std::string_view given) const {
    return given.starts_with("projects/") ? std::string(given) : topics + std::string(given);
  }
};

// Throws refused, which names the key. The config has been checked against the plugin's schema.
// `emulator` is what PUBSUB_EMULATOR_HOST says, which counts where the config names no endpoint.
[[nodiscard]] settings parse(const spawn::plugin::create_args& args, const char* emulator);

}  // namespace pubsub
