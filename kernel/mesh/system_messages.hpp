// What kernels, and the proxies before them, say to each other across systems (protocol.md 9.2).
#pragma once
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "model/invocation.hpp"
#include "plugin/ports/transport_port.hpp"

namespace spawn {

using headers = std::vector<std::pair<std::string, std::string>>;

// Ours; other peers ignore them. The code of an error, whose text is the body:
inline constexpr std::string_view header_error_code = "spawn-error-code";
// What a durable message is known by: a repeat with the same one takes no effect again.
inline constexpr std::string_view header_message_id = "spawn-message-id";
// How many pipes and forwards are behind it (durability.md 21).
inline constexpr std::string_view header_hops = "spawn-hops";
// The trace of the caller (W3C).
inline constexpr std::string_view header_traceparent = "traceparent";
inline constexpr std::string_view header_tracestate = "tracestate";

// The encoded InvocationRequest. `limit_ms` says how long its caller waits, as metadata
// request-timeout, unless the message names less itself; 0: nobody waits.
[[nodiscard]] std::string encode_system_request(const invocation& from, std::uint64_t limit_ms);

struct system_reply {
  std::string body;
  headers with;
};
// The four forms: an encoded ActorInvocationResponse; "async"; "no_content", where the action ended
// well and has no value; and the text of the error, with its code as a header.
[[nodiscard]] system_reply encode_system_reply(const outcome& ended, actor_view target,
                                               bool is_async);
// An error text without a code is a failed action; so is what is none of the forms.
[[nodiscard]] outcome decode_system_reply(const transport_message& reply);

}  // namespace spawn
