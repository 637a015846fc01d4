// A durable message: what the store knows of it beside what an invocation carries.
#pragma once
#include <cstdint>
#include <memory>
#include <string>

#include "base/error.hpp"
#include "base/limits.hpp"
#include "model/actor_id.hpp"

namespace spawn {

// What made a row. Numbers are stored.
enum class row_kind : std::uint8_t {
  effect = 1,
  route = 2,     // a pipe or forward: its receiver answers the caller of its sender
  async = 3,     // a request from outside that nobody waits for
  reminder = 4,  // an actor's own timer
  flow_invoke = 5,
  flow_result = 6,
  flow_timer = 7,
  failure = 8,    // tells a sender that its row went to the dead letters (durability.md 19)
  broadcast = 9,  // from a channel to one of its subscribers
  fan_out = 10,   // what was sent to a channel, on its way to the subscribers (rule 24)
  publish = 11,   // to a sink, a system outside
  call_end = 16,  // brings the end of a chain to the k row of the call that began it (rule 22)
};

[[nodiscard]] constexpr const char* name(row_kind kind) noexcept {
  switch (kind) {
    case row_kind::effect:
      return "effect";
    case row_kind::route:
      return "route";
    case row_kind::async:
      return "async";
    case row_kind::reminder:
      return "reminder";
    case row_kind::flow_invoke:
      return "flow-invoke";
    case row_kind::flow_result:
      return "flow-result";
    case row_kind::flow_timer:
      return "flow-timer";
    case row_kind::failure:
      return "failure";
    case row_kind::broadcast:
      return "broadcast";
    case row_kind::fan_out:
      return "fan-out";
    case row_kind::publish:
      return "publish";
    case row_kind::call_end:
      return "call-end";
  }
  return "unknown";
}

// Who waits for the answer at the end of a chain: one request of one kernel's life.
struct reply_ref {
  std::uint64_t incarnation = 0;
  std::uint64_t id = 0;  // 0: nobody
  explicit operator bool() const noexcept { return id != 0; }
};

// Whom the end of a message's chain is told of, by a message of its own: the flow that sent it and
// waits (workflow.h "Flows"). The row that tells it has the id of the row that the flow sent, and
// an "f": so there is one at most, whatever runs again.
struct awaited_by {
  actor_id flow;
  std::uint64_t life = 0;  // of the flow: its actor may be in another one by then
  std::uint64_t token = 0;
  bool failures_only = false;
  std::string sender;  // the id of the row that the flow sent
  std::uint64_t birth = 0;
  std::uint64_t seq = 0;
};

// What a row of kind flow_result, failure or flow_timer tells a flow; the response is its argument.
struct flow_event {
  std::uint64_t life = 0;
  std::uint64_t token = 0;
  bool awaited = true;  // false: a failure that the flow asked for and does not wait for
  errc status = errc::ok;
  std::string text;
};

// The k row of a call whose answer a chain of rows brings (durability.md 22), as that call's turn
// left it. Immutable, shared by the rows of the chain.
struct call_link {
  std::string store;  // name of the statestore instance
  std::string key;
  std::uint64_t revision = 0;
  std::uint64_t writer = 0;
  std::string digest;  // of action and payload, as in the k row
};

// (sender, birth, seq) is the row's id, for ever; everything else but the place and the progress
// stays as it was when the row was made (durability.md 1).
struct message_row {
  // Where it is pending.
  std::string key;
  std::uint32_t store = 0;     // index of the statestore instance
  std::uint64_t revision = 0;  // 0: not stored yet
  std::uint64_t writer = 0;

  std::string sender;  // as in the key: the actor that sent it, or row_from_outside
  std::uint64_t birth = 0;
  std::uint64_t seq = 0;
  bool of_failure = false;  // the id of the row that failed, and an "f"
  std::uint64_t prev = 0;   // seq of the sender's row to this receiver before it; 0: not known
  bool is_first = false;    // its sender knows of no row to this receiver before it
  row_kind kind = row_kind::effect;
  std::int64_t due_ms = 0;  // 0: due when it was made
  std::int64_t created_ms = 0;
  reply_ref reply;
  std::shared_ptr<const awaited_by> awaited;  // may be null
  std::shared_ptr<const flow_event> event;    // of a row that tells a flow something
  std::shared_ptr<const call_link> call;  // the keyed call at the beginning of its chain, if any

  std::string unknown;  // fields of a newer kernel, as they were read

  // Progress: written before the second and every later attempt (rule 18).
  std::uint32_t attempts = 0;
  std::int64_t next_try_ms = 0;
  std::string last_error;
  // An attempt came to the host of an actor without a durable record: it may have done its work,
  // whatever a later one ends with.
  bool may_have_run = false;
  // It failed for good, and the rows of its lane wait behind it until an operator has decided
  // (on_poison: block; rule 19).
  bool blocked = false;
  std::string cursor;  // of a fan_out: the last subscriber that has its row
  std::string unknown_meta;

  // Whether its next attempt is still to come. One that is further off than any back-off is of a
  // wall clock that was set back since.
  [[nodiscard]] bool waits(std::int64_t now_ms) const noexcept {
    return blocked ||
           (next_try_ms > now_ms &&
            next_try_ms - now_ms <= static_cast<std::int64_t>(limits::row_backoff_ms_limit));
  }

  // In memory: the save that the receiver's turn belongs to deletes it.
  bool grouped = false;
  std::uint64_t taken_in = 0;  // life of the inbox that took it; 0: none

  // Rows of one sender to one receiver keep their order; due times and senders without a record
  // have none to keep (rule 15).
  [[nodiscard]] bool is_ordered() const noexcept {
    return due_ms == 0 && kind != row_kind::async && kind != row_kind::call_end && !tells_flow();
  }
  // However often its turn fails, it is not given up: somebody may be able to take it later.
  [[nodiscard]] bool is_kept() const noexcept { return tells_flow() || kind == row_kind::reminder; }
  // It is no call: it brings a flow what it waits for.
  [[nodiscard]] bool tells_flow() const noexcept {
    return kind == row_kind::flow_result || kind == row_kind::failure ||
           kind == row_kind::flow_timer;
  }
};

}  // namespace spawn
