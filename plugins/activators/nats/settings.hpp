// What the plugin's config block says.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "nats-common/settings.hpp"
#include "spawn/plugin/cpp/plugin.hpp"

namespace nats_source {

// What a stream is made with when it is not there.
struct stream_settings {
  std::vector<std::string> subjects;  // empty: no stream is made
  std::string storage = "file", retention = "limits";
  std::uint32_t replicas = 1;
  std::uint64_t max_age_ms = 0, max_bytes = 0, duplicate_window_ms = 120'000;
};

struct settings {
  nats_common::connection_settings connection;
  bool jetstream = true;

  // JetStream
  std::string stream, consumer, filter;
  bool create_consumer = true;
  std::string deliver = "all";
  std::uint64_t ack_wait_ms = 30'000;
  std::int64_t max_deliver = -1;
  std::uint32_t max_ack_pending = 65'536;
  stream_settings create_stream;
  std::uint32_t fetch_max = 256;
  std::uint32_t fetch_ms = 2'000;  // how long the server may keep a fetch waiting
  std::uint32_t lag_ms = 1'000;
  std::string dead_letter_subject;

  // core NATS
  std::vector<std::string> subjects;
  std::string queue_group;
  std::uint32_t max_held = 1'024;
  std::uint64_t reply_ms = 0;  // how long a requester waits; 0: the kernel's own

  std::string order_by = "subject";  // subject, header, none
  std::string order_header;
  std::string content_type;

  // sink
  std::string sink_subject;  // when a message names none
  std::uint32_t publish_ms = 5'000;
};

// Throws refused, which names the key. The config has been checked against the plugin's schema.
[[nodiscard]] settings parse(const spawn::plugin::create_args& args);

}  // namespace nats_source
