// Messages that actors publish, as entries of SendMessageBatch. Pure functions. [any]
#pragma once
#include <cstddef>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "spawn/plugin/sink.h"

namespace sqs {

struct outgoing {
  nlohmann::json entry;   // without Id
  std::size_t bytes = 0;  // as the service counts them: body, attribute names, types and values
};

// For a FIFO queue the key becomes the group and the dedup id the deduplication id; for others
// both travel as attributes.
[[nodiscard]] outgoing write_message(const spawn_sink_message& message, bool fifo);

// A message that was received (as ReceiveMessage has it), for a dead letter queue.
[[nodiscard]] outgoing copy_of(const nlohmann::json& received, bool fifo);

// The text as it is, when the service takes it as an id of at most 128 printable characters; else
// its hash.
[[nodiscard]] std::string as_id(std::string_view text);

// True if a body may hold these bytes: UTF-8 of the characters that XML has, and not empty.
[[nodiscard]] bool is_plain_body(std::string_view bytes);

}  // namespace sqs
