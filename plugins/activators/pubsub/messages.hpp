// A sink's message as the server's.
#pragma once
#include <optional>
#include <string>

#include "pubsub.pb.h"
#include "settings.hpp"
#include "spawn/plugin/sink.h"

namespace pubsub {

// Why a message can not be published, whatever is tried.
struct unpublishable {
  spawn_status status;
  std::string why;
};

// Fills `out`; what is wrong with the message otherwise. Attributes are the headers, and
// message-id, content-type and type-url.
[[nodiscard]] std::optional<unpublishable> fill(const settings& s, const spawn_sink_message& from,
                                                google::pubsub::v1::PubsubMessage& out);

}  // namespace pubsub
