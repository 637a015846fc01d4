// What a host registered about an actor, joined with what the operator configured for its type.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/limits.hpp"
#include "model/payload.hpp"

namespace spawn {

class workflow_port;

enum class actor_kind : std::uint8_t {
  unknown = 0,
  named = 1,
  unnamed = 2,
  pooled = 3,
  proxy = 4,
  task = 5,
  projection = 6,
};

// What a reply means (docs/durability.md).
enum class durability : std::uint8_t { commit, snapshot, none };
// What happens to a message whose action ran on a state that another owner replaced (rule 8).
enum class conflict_policy : std::uint8_t { error, rerun };

// What becomes of the rows behind one that failed for good (rule 19).
enum class poison_policy : std::uint8_t {
  skip,   // they go on: the order of their sender has a hole, which is counted
  block,  // they wait until an operator has decided about it
};

// Where a host listens.
struct host_address {
  std::string name;  // of the host entry in the configuration, or "default"
  std::string address;
  std::uint16_t port = 0;
  std::int32_t native = -1;  // a plugin of this process instead, by number
  friend bool operator==(const host_address&, const host_address&) = default;
};

struct channel_binding {
  std::string topic;
  std::string action;  // never empty: "receive" when the registration left it out
};

struct timer_binding {
  std::uint64_t period_ms = 0;
  std::string action;
};

struct reminder_spec;
struct type_guards;

// What the operator says of an actor type (`actors:` in the configuration).
struct type_policy {
  durability mode = durability::commit;
  std::uint32_t store = 0;  // index of the statestore instance
  bool keep_tags = false;   // absent tags keep the old ones (D5)
  bool speculative = true;  // turns may run on a state that is not durable yet
  conflict_policy on_conflict = conflict_policy::error;
  poison_policy on_poison = poison_policy::skip;
  std::uint32_t mailbox_max = limits::mailbox_messages_max;
  std::uint32_t history_keep = 0;  // superseded revisions the store keeps
  std::uint64_t history_keep_ms = 0;
  std::uint64_t timeout_ms = 0;  // 0: the request's own or the default
  // Bounds of its calls to the host (resiliency/call_guard.hpp); null: none.
  std::shared_ptr<const type_guards> guards;
  // Prepared (schedule/reminder_spec.hpp), names unique; null: none. Only with mode commit.
  std::shared_ptr<const std::vector<reminder_spec>> reminders;
};

// Immutable once published; shared by all lanes and by every cell of the type.
struct definition {
  std::string system;
  std::string type;  // the registered name; the parent of instances
  actor_kind kind = actor_kind::unknown;
  bool stateful = false;
  // Read off the wire, 0 means that the registration names none; published, all are set.
  std::uint64_t snapshot_ms = 0;
  std::uint64_t deactivate_ms = 0;
  std::uint32_t pool_max = 0;
  std::vector<std::string> actions;
  std::vector<timer_binding> timers;
  std::vector<channel_binding> channels;
  bool own_defaults = false;  // registers one of the default actions, so the host serves all five
  std::string init_action;    // empty: none
  std::string initial_any;    // encoded Any; empty: no initial state
  std::string initial_tags;   // encoded map entries, see wire::append_tags
  std::shared_ptr<const host_address> host;
  // The plugin whose flows these actors are; null: a host serves them (decisions D32).
  workflow_port* served_by = nullptr;
  type_policy policy;
  std::uint64_t generation = 0;  // of the registration; a higher one replaces a lower one
  std::uint64_t hash = 0;        // of the encoded registration, for records
  std::uint32_t metric_id = 0;   // dense index of (system, type)

  [[nodiscard]] bool knows(std::string_view action) const noexcept {
    for (const auto& known : actions) {
      if (known == action) {
        return true;
      }
    }
    for (const auto& timer : timers) {
      if (timer.action == action) {
        return true;
      }
    }
    return false;
  }
  // Runs as one cell, from registration on (D4).
  [[nodiscard]] bool is_eager() const noexcept {
    return stateful && kind != actor_kind::unnamed && kind != actor_kind::pooled;
  }
  // Its name is an actor's name, not only a parent's.
  [[nodiscard]] bool is_instance() const noexcept { return kind != actor_kind::unnamed; }
  // What it keeps, and how surely.
  [[nodiscard]] durability mode() const noexcept {
    return stateful ? policy.mode : durability::none;
  }
};

using definition_ptr = std::shared_ptr<const definition>;

// The five names a kernel answers by itself when the host registers none of them (protocol.md 5.6).
[[nodiscard]] constexpr bool is_default_action(std::string_view action) noexcept {
  return action == "get" || action == "Get" || action == "get_state" || action == "getState" ||
         action == "GetState";
}
// The names of the action that runs on each activation (protocol.md 5.5).
[[nodiscard]] constexpr bool is_init_action(std::string_view action) noexcept {
  return action == "init" || action == "Init" || action == "setup" || action == "Setup";
}

}  // namespace spawn
