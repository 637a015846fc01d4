// InvocationRequest and InvocationResponse (protocol.md 3.2, 6.1).
#pragma once
#include <span>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "model/invocation.hpp"

namespace spawn::wire {

// The parts of a request that its answer repeats as they were sent. Encoded fields 2 and 3 of
// InvocationResponse, ready to paste.
using echo = std::string;

// Fills `into` from into.storage, which holds the encoded InvocationRequest. Errors name the field.
[[nodiscard]] result<void> read_invocation(invocation& into, echo& repeat);

// Encodes an InvocationResponse.
void append_invocation_response(std::string& out, const outcome& ended, std::string_view repeat);

// Encodes an InvocationRequest, for other systems and for tools. Appends to `out`.
struct invocation_fields {
  actor_view target;
  std::string_view action;
  payload_view argument;
  bool is_async = false;
  std::string_view register_ref;
  bool has_caller = false;
  actor_view caller;
  std::span<const kv_view> metadata;
  std::int64_t scheduled_to = 0;
  bool pooled = false;
};
void append_invocation_request(std::string& out, const invocation_fields& fields);

}  // namespace spawn::wire
