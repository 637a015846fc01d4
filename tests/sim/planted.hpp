// Bugs that a run can be given, to show that the checker would notice (D44).
#pragma once
#include <array>
#include <string_view>

#include "sim/options.hpp"

namespace sim {

inline constexpr std::array<std::string_view, 15> planted_bugs{
    "cas_on_revision_only",       // rule 1
    "cas_skipped",                // rule 1
    "writer_per_incarnation",     // rule 2
    "reply_before_commit",        // rule 4
    "nested_calls_not_held",      // rule 6
    "doubt_resolved_by_reading",  // rule 7
    "unknown_runs_again",         // rule 8
    "reload_forgotten",           // rule 9
    "outbox_off",                 // rule 11
    "dedup_off",                  // rule 12
    "hints_in_any_order",         // rule 13
    "keys_not_stored",            // rule 22
    "outcome_apart",              // rule 19
    "fan_out_begins_anew",        // rule 24
    "dropped_tokens_told",        // workflow.h "Flows"
};

// False when there is no such bug.
[[nodiscard]] inline bool plant(std::string_view name, options& into) {
  auto& rules = into.rules;
  if (name == "cas_on_revision_only") {
    into.cas_on_writer = false;
  } else if (name == "cas_skipped") {
    into.cas = false;
  } else if (name == "writer_per_incarnation") {
    rules.writer_per_activation = false;
  } else if (name == "reply_before_commit") {
    rules.hold_replies = false;
  } else if (name == "nested_calls_not_held") {
    rules.hold_nested = false;
  } else if (name == "doubt_resolved_by_reading") {
    rules.resolve_by_writing = false;
  } else if (name == "unknown_runs_again") {
    rules.unknown_is_final = false;
  } else if (name == "reload_forgotten") {
    rules.reload_after_loss = false;
  } else if (name == "outbox_off") {
    rules.outbox = false;
  } else if (name == "dedup_off") {
    rules.consume_in_group = false;
  } else if (name == "hints_in_any_order") {
    rules.fifo_by_store = false;
  } else if (name == "keys_not_stored") {
    rules.keys_in_group = false;
  } else if (name == "outcome_apart") {
    rules.outcome_in_group = false;
  } else if (name == "fan_out_begins_anew") {
    rules.fan_out_goes_on = false;
  } else if (name == "dropped_tokens_told") {
    rules.tokens_once = false;
  } else {
    return false;
  }
  return true;
}

}  // namespace sim
