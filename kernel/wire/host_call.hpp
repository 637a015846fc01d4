// ActorInvocation and ActorInvocationResponse: what is said to an actor host (protocol.md 2, 6.6).
#pragma once
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "model/actor_id.hpp"
#include "model/payload.hpp"

namespace spawn::wire {

struct host_request {
  actor_view self;
  std::string_view action;
  payload_view argument;
  bool has_caller = false;
  actor_view caller;
  std::string_view state_any;  // empty: the context carries no state (never an empty Any)
  std::string_view tags;       // canonical
  std::span<const kv_view> metadata;
  // Told beside the caller's metadata (durability.md 28); empty: not.
  std::string_view message_id;
  std::string_view revision;
};
// Appends the whole message; or, when the argument has more than `inline_max` bytes, all but the
// argument's bytes, which are returned and follow `out` on the wire: a large one is never copied.
std::string_view append_host_request(std::string& out, const host_request& call,
                                     std::size_t inline_max = SIZE_MAX);

// One part of a response's workflow.
struct workflow_part {
  std::string_view type;   // "effect", "broadcast", "pipe", "forward", or a third party's name
  std::string_view bytes;  // of SideEffect, Broadcast, Pipe, Forward, or the Any's value
};

struct host_response {
  bool has_state = false;
  std::string_view state_any;
  std::string tags;  // canonical; empty when the host sent none
  payload_view value;
  bool checkpoint = false;
  std::vector<workflow_part> parts;  // in the order in which they run: effects, broadcast, routing
};
// Views point into `bytes`. An error says why the answer counts as a failed action.
[[nodiscard]] result<host_response> read_host_response(std::string_view bytes);

}  // namespace spawn::wire
