// What is broadcast on a channel, as a message on the transport (protocol.md 7.4 [K]).
#pragma once
#include <optional>
#include <string>

#include "mesh/system_messages.hpp"
#include "workflow/engine.hpp"

namespace spawn {

struct channel_message {
  std::string subject;
  headers with;
  std::string body;
};

// The body of a JSONType, StringValue or BytesValue is its content, so that any client can read it;
// of another type, the type's bytes. `kernel` says which kernel it comes from, so that it knows its
// own.
[[nodiscard]] channel_message encode_channel_message(const broadcast_order& from,
                                                     std::uint64_t kernel);
// Nothing for what this kernel sent, and for a subject that is no channel's. From a client without
// our headers, the body is JSON, text or bytes, by its content type or else by what it is.
[[nodiscard]] std::optional<broadcast_order> decode_channel_message(const transport_message& from,
                                                                    std::uint64_t kernel);

// JSON, for listeners over HTTP: {"channel", "from", "action", "payload"}.
[[nodiscard]] std::string channel_event_json(const broadcast_order& of);

}  // namespace spawn
