// Errands at the end of a run: what is left of them, and what they did.
#include <cstring>

#include "sim/checker.hpp"
#include "state/rows/row_keys.hpp"
#include "wire/common.hpp"

namespace sim {

using at_step = errand_progress::at;
using kind = errand_step::kind;

bool errand_ledger::is_quiet() const {
  for (const auto& each : errands_) {
    if (each.begun && !each.gone) {
      return false;
    }
  }
  return true;
}

errand_ledger::totals errand_ledger::sum() const {
  totals out;
  for (const auto& each : errands_) {
    out.begun += each.begun;
    out.completed += each.last.end == errand_end::completed;
    out.undone += each.last.end == errand_end::undone;
    out.unseen += each.gone && each.last.end == errand_end::none;
    out.left += each.begun && !each.gone;
  }
  return out;
}

void errand_ledger::at_end(const std::vector<std::pair<std::string, spawn::invocation_ptr>>& rows,
                           bool quiet) {
  check_tokens(rows);
  std::unordered_set<std::uint64_t> pending;
  for (const auto& [key, message] : rows) {
    const auto& row = *message->row;
    const bool is_flows = row.awaited || row.tells_flow();
    if (quiet && is_flows && !key.starts_with("d/")) {
      judge_.fail("I12", "a row of a flow was left: " + key);
    }
    spawn::wire::any_view any;
    std::uint64_t id = 0;
    if (!row.tells_flow() && spawn::wire::read_any(message->argument.any, any) &&
        any.value.size() == sizeof id) {
      std::memcpy(&id, any.value.data(), sizeof id);
      pending.insert(id);
    }
  }
  for (const errand& each : errands_) {
    if (each.gone && each.last.end == errand_end::none && !is_stoppable(each.name)) {
      check_unseen_end(each);
    }
    if (quiet && (each.begun || (each.accepted && !is_stoppable(each.name))) && !each.gone) {
      fail("hang", each, "never came to its end");
    }
    check_effects(each, pending);
  }
}

// Each call that a stored flow waits for is under way once: as the call (which may have been passed
// on), with another flow that is to answer it, or as its outcome. Each time it is to be looked at
// has its row.
void errand_ledger::check_tokens(
    const std::vector<std::pair<std::string, spawn::invocation_ptr>>& rows) {
  std::map<std::tuple<std::string_view, std::uint64_t, std::uint64_t>, std::uint32_t> under_way;
  std::map<std::tuple<std::string_view, std::uint64_t, std::int64_t>, std::uint32_t> armed;
  for (const auto& [key, message] : rows) {
    const auto& row = *message->row;
    if (key.starts_with("d/")) {
      continue;  // a note: that it failed is told by another row
    }
    if (row.awaited) {
      ++under_way[{row.awaited->flow.name, row.awaited->life, row.awaited->token}];
    } else if (row.event && row.kind == spawn::row_kind::flow_timer) {
      const auto place = spawn::parse_row_key(key);
      ++armed[{message->target.name, row.event->life, place ? place->due_ms : 0}];
    } else if (row.event) {
      ++under_way[{message->target.name, row.event->life, row.event->token}];
    }
  }
  for (const auto& [name, held] : flows_) {
    for (const auto& caller : held.second.callers) {
      if (caller.awaited) {
        ++under_way[{caller.awaited->flow.name, caller.awaited->life, caller.awaited->token}];
      }
    }
  }
  for (const auto& [name, held] : flows_) {
    const auto& [number, flow] = held;
    for (const auto& each : flow.waits) {
      if (const auto n = under_way[{name, flow.life, each.token}]; n != 1) {
        fail("I5", at(number),
             "waits for token " + std::to_string(each.token) + ", which is " + std::to_string(n) +
                 " times under way");
      }
    }
    for (const auto due : flow.armed) {
      if (armed[{name, flow.life, due}] == 0) {
        fail("I5", at(number), "is to be looked at later, and no row says so");
      }
    }
    if (const auto due = flow.next_due(); due != 0 && flow.armed.empty()) {
      fail("I5", at(number), "has a timer without a row");
    }
  }
  for (const auto& [which, n] : under_way) {
    if (n > 1) {
      judge_.fail("I5", "token " + std::to_string(std::get<2>(which)) + " of a flow of " +
                            std::string(std::get<0>(which)) + " is under way more than once");
    }
  }
}

void errand_ledger::check_effects(const errand& of,
                                  const std::unordered_set<std::uint64_t>& pending) {
  for (std::size_t i = 0; i < of.plan.steps.size(); ++i) {
    const errand_step& step = of.plan.steps[i];
    if (step.what == kind::child || !judge_.keeps(judge_.at(step.id).actor)) {
      continue;
    }
    const std::uint32_t actor = judge_.at(step.id).actor;
    for (const auto id : {step.id, step.undo}) {
      if (id != 0 && judge_.is_in(actor, id) && pending.contains(id)) {
        fail("I5", of,
             "sent message " + std::to_string(id) +
                 ", which was consumed and is still in the store");
      }
    }
    if (of.begun && step.what == kind::call && !is_stoppable(of.name)) {
      check_step(of, i);
    }
  }
}

// How it ended is not on record: then what took effect says it.
void errand_ledger::check_unseen_end(const errand& of) {
  bool all_in = true;
  bool any_undone = false;
  bool is_half = false;
  for (const errand_step& step : of.plan.steps) {
    const request* sent = step.what == kind::call ? &judge_.at(step.id) : nullptr;
    if (sent == nullptr || !judge_.keeps(sent->actor)) {
      continue;
    }
    const bool in = judge_.is_in(sent->actor, step.id);
    const bool undone = judge_.is_in(sent->actor, step.undo);
    all_in = all_in && in;
    any_undone = any_undone || undone;
    is_half = is_half || (in && !undone && !sent->foreign_answer);
  }
  if (is_half && (any_undone || !all_in)) {
    fail("errand", of, "ended with a part of its steps");
  }
}

// All or nothing: what took effect was not undone, or all of it was.
void errand_ledger::check_step(const errand& of, std::size_t which) {
  const errand_step& step = of.plan.steps[which];
  const errand_progress& is = of.last.steps[which];
  const request& sent = judge_.at(step.id);
  const bool in = judge_.is_in(sent.actor, step.id);
  const bool undone = judge_.is_in(sent.actor, step.undo);
  const std::string text =
      "message " + std::to_string(step.id) + " to " + judge_.actors()[sent.actor].name;
  const bool was_told = of.last.end != errand_end::none;
  // Passed on by its receiver, it has failed where the chain ended; its first hop took effect.
  const bool failed_later = sent.foreign_answer;
  if (was_told && is.step == at_step::failed && in && !failed_later) {
    fail("outcome", of, "was told that " + text + " had failed; it took effect");
  }
  if (of.last.end == errand_end::completed && (!in || undone)) {
    fail("errand", of, "is completed: " + text + (in ? " was undone" : " took no effect"));
  }
  if (of.last.end == errand_end::undone && in && !undone && !failed_later) {
    fail("errand", of, "turned back: " + text + " was not undone");
  }
  if (undone && was_told && is.step != at_step::done && is.step != at_step::doubtful) {
    fail("errand", of, "undid " + text + ", which it had not done");
  }
  if (!was_told && of.gone && undone && !in && is.step != at_step::doubtful) {
    fail("errand", of, "undid " + text + ", which took no effect");
  }
}

}  // namespace sim
