#include "sim/errand_ledger.hpp"

#include "sim/checker.hpp"
#include "state/seal/keys.hpp"
#include "wire/common.hpp"

namespace sim {

using at_step = errand_progress::at;
using kind = errand_step::kind;
using spawn::failure;

const std::vector<std::string>& errand_ledger::names() {
  static const std::vector<std::string> all{"e0", "e1", "e2", "e3", "e4", "s0", "s1"};
  return all;
}

const std::vector<std::string>& errand_ledger::child_names() {
  static const std::vector<std::string> all{"e5", "e6", "e7"};
  return all;
}

std::string errand_ledger::name_of(std::string_view key) {
  static const std::string of_x = *spawn::actor_key("sys", errand_parent, "x");
  const std::string_view prefix = std::string_view(of_x).substr(0, of_x.size() - 1);
  return key.starts_with(prefix) ? std::string(key.substr(prefix.size())) : std::string();
}

void errand_ledger::add(const std::string& name, errand_plan plan) {
  auto& made = errands_.emplace_back();
  made.name = name;
  made.plan = std::move(plan);
  if (is_stoppable(name)) {  // begun and stopped in one save, it is never seen
    for (const auto& step : made.plan.steps) {
      sent_.insert({step.id, step.undo});
    }
  }
}

void errand_ledger::fail(const char* invariant, const errand& of, const std::string& text) {
  std::string steps;
  for (const errand_step& step : of.plan.steps) {
    steps += step.what == kind::call ? " call" : step.what == kind::child ? " child" : " note";
    steps += ' ' + std::to_string(step.id) + " to " + step.to;
  }
  judge_.fail(invariant, "errand " + std::to_string(of.plan.number) + " of " + of.name + " " +
                             text + " (" + (of.plan.scatters ? "all at once:" : "in turn:") +
                             steps + ")");
}

void errand_ledger::landed(const std::string& name, std::string_view content) {
  if (on_landed) {
    on_landed();
  }
  const auto known = flows_.find(name);
  if (content.empty()) {
    if (known != flows_.end()) {
      at(known->second.first).gone = true;
      flows_.erase(known);
    }
    return;
  }
  auto flow = spawn::decode_flow(content);
  const errand_state now = flow ? decode_errand(flow->scratch) : errand_state{};
  if (!flow || now.plan.number == 0 || now.plan.number > errands_.size()) {
    judge_.fail("flow", "the record of " + name + " is not of an errand");
    return;
  }
  errand& of = at(now.plan.number);
  if (of.gone || of.name != name) {
    fail("flow", of, "is stored again after its end, as " + name);
  }
  if (known != flows_.end() && known->second.first != now.plan.number) {
    // Coalesced: what was stopped and what was begun then may be one save.
    at(known->second.first).gone = true;
    if (!is_stoppable(name)) {
      fail("flow", of, "was begun before another of this name had ended");
    }
  }
  if (of.refused) {
    fail("I3", of, "was refused, yet it is begun");
  }
  if (now.strange != 0) {
    fail("token", of,
         "was told of token " + std::to_string(now.strange) + ", which it did not wait for");
  }
  look_at_steps(of, now);
  judge_.note_errand(now.plan.number, static_cast<std::uint64_t>(now.phase), now.last_token);
  of.begun = true;
  of.last = now;
  flows_[name] = {now.plan.number, std::move(*flow)};
}

// What a flow was told has to be stored already: that and the row that told it were one commit.
void errand_ledger::look_at_steps(const errand& of, const errand_state& now) {
  for (std::size_t i = 0; i < now.steps.size(); ++i) {
    const errand_step& step = of.plan.steps[i];
    const errand_progress& is = now.steps[i];
    const bool was_done = of.begun && of.last.steps[i].step == at_step::done;
    if (is.step != at_step::idle) {
      sent_.insert(step.id);
    }
    if (is.undo != at_step::idle) {
      sent_.insert(step.undo);
    }
    if (is.step != at_step::done || was_done) {
      continue;
    }
    if (step.what == kind::child) {
      if (!may_have_ended(at(step.id), errand_end::completed)) {
        fail("I6", of, "was told that errand " + std::to_string(step.id) + " is completed");
      }
      continue;
    }
    const request& sent = judge_.at(step.id);
    if (judge_.keeps(sent.actor) && !judge_.is_in(sent.actor, sent.id)) {
      fail(
          "I6", of,
          "was told of the result of message " + std::to_string(sent.id) + ", which is not stored");
    }
    if (const request_id last = request_of(is.told); last != 0 && last <= judge_.requests()) {
      const std::uint32_t answerer = judge_.at(last).actor;
      if (judge_.keeps(answerer) && !judge_.is_stored(answerer, is.told)) {
        fail("I6", of,
             "was told a result that " + judge_.actors()[answerer].name + " has not stored");
      }
    }
  }
}

// Of one that is forgotten with its last answer, or in the same save, how it ended is not on
// record.
bool errand_ledger::may_have_ended(const errand& of, errand_end how) const {
  return of.last.end == how || (of.gone && of.last.end == errand_end::none) ||
         (of.begun && is_stoppable(of.name));
}

void errand_ledger::answered(const request& what, const spawn::outcome& with) {
  if (what.call == errand_call::start || what.call == errand_call::run) {
    check_start(what, with);
  } else if (what.call == errand_call::await) {
    check_await(what, with);
  }
}

void errand_ledger::check_start(const request& what, const spawn::outcome& with) {
  errand& of = at(what.errand);
  const bool runs = what.call == errand_call::run;
  if (with.why == failure::outcome_unknown) {
    return;
  }
  if (runs && with.why == failure::not_applied && with.text.find("turned back") != with.text.npos) {
    if (!may_have_ended(of, errand_end::undone)) {
      fail("reply", of, "did not turn back, as its caller was told");
    }
    return;
  }
  if (!with.ok()) {
    of.refused = !is_stoppable(of.name);
    if (of.begun && of.refused) {
      fail("I3", of, "is begun; its caller was told " + with.message());
    }
    return;
  }
  spawn::wire::any_view any;
  const bool is_any = spawn::wire::read_any(with.value.any, any);
  const errand_answer said = decode_errand_answer(is_any ? any.value : std::string_view());
  if (said.number != of.plan.number) {
    fail("reply", of, "was answered for errand " + std::to_string(said.number));
  }
  of.accepted = true;
  if (!of.begun && !is_stoppable(of.name)) {
    fail("I10", of, "was accepted and is not stored");
  }
  if (runs && !may_have_ended(of, errand_end::completed)) {
    fail("reply", of, "is not completed, as its caller was told");
  }
}

void errand_ledger::check_await(const request& what, const spawn::outcome& with) {
  spawn::wire::any_view any;
  if (!with.ok() || !spawn::wire::read_any(with.value.any, any)) {
    return;
  }
  const errand_answer said = decode_errand_answer(any.value);
  if (said.number == 0) {
    return;
  }
  const errand* of = said.number <= errands_.size() ? &at(said.number) : nullptr;
  if (of == nullptr || said.end == errand_end::none || !may_have_ended(*of, said.end)) {
    judge_.fail("reply", "request " + std::to_string(what.id) + " was told a wrong end of errand " +
                             std::to_string(said.number));
  }
}

}  // namespace sim
