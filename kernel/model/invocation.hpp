// One message to one actor, from ingress to the end of its turn.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "lane/lane.hpp"
#include "model/actor_id.hpp"
#include "model/budget.hpp"
#include "model/message_row.hpp"
#include "model/payload.hpp"
#include "model/reply_slot.hpp"
#include "model/state_order.hpp"
#include "model/trace.hpp"

namespace spawn {

class cell;
class call_key;
struct mailbox_tag;

// Life: decoded at ingress (or made by a turn's workflow, a timer, a broadcast), owned by one
// station at a time through invocation_ptr, destroyed at the end of its turn. It answers at most
// once, through `reply`; destroyed unanswered, it says INTERNAL, so that a lost path is an error
// and never a hang. Belongs to the lane it was handed to.
struct invocation : task, list_hook<mailbox_tag> {
  invocation() = default;
  invocation(const invocation&) = delete;
  invocation& operator=(const invocation&) = delete;
  ~invocation();

  // The bytes that every view below points into.
  std::string storage;

  actor_view target;  // parent as the request gave it; the router settles it
  std::string_view action;
  payload_view argument;
  std::string_view register_ref;
  bool has_caller = false;
  bool is_async = false;        // acknowledged once it is in the mailbox
  bool read_state = false;      // wants the state, whatever the host says of default actions
  bool pooled = false;          // the request asked for the POOLED path
  bool is_internal = false;     // made by the kernel: timer, broadcast, effect, hop
  bool key_if_kept = false;     // its idempotency key is dropped where no record is kept
  bool caller_settled = false;  // the caller's own state is durable (durability.md 6)
  std::uint8_t reroutes = 0;    // times it moved on after a lost ownership
  std::uint32_t hops = 0;       // pipes and forwards behind it
  actor_view caller;
  std::vector<kv_view> metadata;
  std::int64_t scheduled_to = 0;  // epoch or relative milliseconds, 0 = now
  std::uint64_t deadline_ns = 0;
  std::uint64_t arrived_ns = 0;
  std::uint64_t call_id = 0;  // of a message without a row, from its first run on: stays for reruns
  trace_context trace;

  reply_slot* reply = nullptr;
  byte_budget* budget = nullptr;
  std::uint64_t charged_bytes = 0;

  // While it waits in a mailbox or for a caller's state.
  struct expiry_timer : timer {
    invocation* owner = nullptr;
  } expiry;
  void (*at_deadline)(invocation&) = nullptr;  // while it waits for a store
  cell* where = nullptr;
  void* station = nullptr;  // whose task it is while it is posted
  // A message that the store keeps until its receiver has committed; then `reply` is not used.
  std::unique_ptr<message_row> row;
  // In a cell: what is known of the idempotency key that it came with.
  std::shared_ptr<call_key> keyed;
  // From an operator, in place of an action.
  std::shared_ptr<state_order> order;
  // Shared with a timer: gone once the turn has ended, so that a timer never piles up.
  std::shared_ptr<void> ticket;
  // Names the workflow parts of its answer: drawn when first asked for, the same in a rerun.
  std::uint64_t part_seed = 0;

  // Answers whoever waits; a no-op when nobody does or it answered before.
  void answer(outcome with) {
    if (reply != nullptr) {
      std::exchange(reply, nullptr)->answer(std::move(with));
    }
  }
  void fail(failure why, std::string text) { answer(outcome::failed(why, std::move(text))); }
  // Value of a metadata key, or nothing.
  [[nodiscard]] const kv_view* find_metadata(std::string_view key) const noexcept {
    for (const auto& entry : metadata) {
      if (entry.key == key) {
        return &entry;
      }
    }
    return nullptr;
  }
};

using invocation_ptr = std::unique_ptr<invocation>;

}  // namespace spawn
