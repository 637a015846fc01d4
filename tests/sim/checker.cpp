#include "sim/checker.hpp"

#include <cstring>

#include "wire/common.hpp"

namespace sim {

using spawn::durability;
using spawn::failure;

std::vector<entry> entries_in(std::string_view bytes) {
  std::vector<entry> out(bytes.size() / sizeof(entry));
  if (!out.empty()) {
    std::memcpy(out.data(), bytes.data(), out.size() * sizeof(entry));
  }
  return out;
}

std::string bytes_of(const std::vector<entry>& entries) {
  return {reinterpret_cast<const char*>(entries.data()), entries.size() * sizeof(entry)};
}

checker::checker(world& in, std::vector<actor_facts> actors)
    : world_(in), actors_(std::move(actors)), of_(actors_.size()) {
  requests_.reserve(20'000);
}

request& checker::add(request made) {
  made.id = requests_.size() + 1;
  requests_.push_back(std::move(made));
  return requests_.back();
}

void checker::fail(const char* invariant, const std::string& text) {
  failures_.push_back(std::string(invariant) + ": " + text);
  world_.note(invariant);
}

void checker::landed(std::uint32_t actor, const change& what) {
  const auto& [before, after, revision_before, revision, writer, ordered] = what;
  per_actor& of = of_[actor];
  const std::string& name = actors_[actor].name;
  if (revision != revision_before + 1) {
    fail("gap", "revision " + std::to_string(revision_before) + " of " + name +
                    " was followed by " + std::to_string(revision));
  }
  const auto [known, is_new] =
      of.content_of.try_emplace({revision, writer}, spawn::hash_bytes(after));
  if (!is_new && known->second != spawn::hash_bytes(after)) {
    fail("I1", "revision " + std::to_string(revision) + " of " + name +
                   " has two contents of one writer");
  }
  if (ordered) {
    ++of.orders;
    operator_changed(actor, after);
  } else if (after.size() < before.size() || after.compare(0, before.size(), before) != 0) {
    fail("I1", "a save of " + name + ", revision " + std::to_string(revision) +
                   ", does not build on the content it replaces");
    return;
  }
  const std::string_view all(after);
  for (const entry e : entries_in(ordered ? all : all.substr(before.size()))) {
    of.stored.insert(e);
    of.orders_before.try_emplace(e, of.orders);
    const request& r = at(request_of(e));
    const auto [other, first] = of.request_in.try_emplace(request_of(e), e);
    // An actor that is not saved with each turn may run a row again; and a sender's record that was
    // put back from a backup may have its turn stored, rows included, a second time.
    const bool may_repeat = (actors_[actor].mode != durability::commit || world_.plans.operators) &&
                            (r.is_row || r.foreign_answer);
    if (!first && other->second != e && !may_repeat) {
      fail("I4", "request " + std::to_string(request_of(e)) + " is in " + name + " twice");
    }
    if (first && r.undone_by != 0 && keeps(actor) && of.request_in.contains(r.undone_by)) {
      fail("I7", "message " + std::to_string(r.id) + " came to " + name +
                     " after the one that undoes it");
    }
    // I7. A record that an operator put back numbers its rows anew.
    if (r.is_durable && r.keeps_order && first && !world_.plans.operators &&
        actors_[actor].mode == durability::commit) {
      auto& last = r.is_heard ? of.newest_heard : of.newest_row;
      request_id& newest = last[{r.cause_actor, of_[r.cause_actor].orders_before[r.cause]}];
      if (newest > r.id) {
        fail("I7", "message " + std::to_string(r.id) + " of " + actors_[r.cause_actor].name +
                       " came to " + name + " after " + std::to_string(newest));
      }
      newest = r.id;
    }
    if (r.answered && r.why != failure::none && r.why != failure::outcome_unknown &&
        !r.foreign_answer && actors_[actor].mode == durability::commit &&
        r.from != source::effect) {
      fail("I3", "request " + std::to_string(r.id) + " was answered " +
                     std::string(spawn::facts(r.why).code) + ", yet it is in " + name);
    }
  }
}

void checker::operator_changed(std::uint32_t actor, const std::string& now) {
  per_actor& of = of_[actor];
  const auto kept = entries_in(now);
  const std::unordered_set<entry> still(kept.begin(), kept.end());
  for (const entry e : of.stored) {
    if (!still.contains(e)) {
      of.excused.insert(e);
    }
  }
  of.stored = still;
  of.acked.clear();
}

entry checker::ran(request& what, std::uint64_t life, std::uint32_t actor) {
  per_actor& of = of_[actor];
  const std::string& name = actors_[actor].name;
  if (!actors_[actor].pooled && !of.running.try_emplace(life, what.id).second) {
    fail("serial", "two actions of " + name + " run at once in one kernel");
  }
  if (what.actor != actor) {
    fail("routing", "a message for " + actors_[what.actor].name + " reached " + name);
  }
  if (what.is_durable) {
    what.deadline_ns = 0;  // it bounds a caller, not a row
  }
  const bool commits = what.cause != 0 && actors_[what.cause_actor].mode == durability::commit;
  if (commits && what.from != source::nested && !is_stored(what.cause_actor, what.cause)) {
    fail("I10", "a message left " + actors_[what.cause_actor].name +
                    " for a turn whose state is not stored");
  }
  if (what.from == source::flow && !errands.has_sent(what.id)) {
    fail("I10", "a message left a flow for " + name + " for a step that is not stored");
  }
  // It may come after its turn has ended and was lost: the turn did not wait for it, or was cut off
  // at its deadline. Nothing tells it from a call of its own right then.
  const bool came_late = what.cause != 0 && at(request_of(what.cause)).ran;
  if (commits && what.from == source::nested && !came_late &&
      !is_stored(what.cause_actor, what.cause_read)) {
    fail("I10", "a nested call left " + actors_[what.cause_actor].name +
                    " for a turn that read a state that is not stored");
  }
  if (what.ordered && !world_.with.rules.unknown_is_final) {
    what.ordered = false;
  }
  what.ran = false;
  if (what.ordered) {
    request_id& newest = of.newest[{life, what.lane}];
    if (newest > what.id && what.runs == 0) {
      fail("order", "request " + std::to_string(what.id) + " ran after " + std::to_string(newest) +
                        " on " + name);
    }
    newest = what.id;
  }
  if (what.deadline_ns != 0 && !what.foreign_answer &&
      what.deadline_ns + 250 * spawn::ns_per_ms < world_.now_ns()) {
    fail("deadline", "request " + std::to_string(what.id) + " ran after its deadline");
  }
  return what.id << 16 | ++what.runs;
}

void checker::run_ended(std::uint64_t life, std::uint32_t actor) {
  auto& running = of_[actor].running;
  if (const auto which = running.find(life); which != running.end()) {
    at(which->second).ran = true;
    running.erase(which);
  }
}

void checker::kernel_died(std::uint64_t life) {
  for (auto& of : of_) {
    of.running.erase(life);
  }
  for (auto& r : requests_) {
    if (r.life == life && !r.answered && !r.lost && r.deadline_ns != 0 &&
        (r.from == source::client || r.from == source::nested)) {
      r.lost = true;
      ++sum.lost;
    }
  }
}

void checker::check_shown(const request& what, entry shown, const char* where) {
  if (actors_[what.actor].mode == durability::commit && !is_stored(what.actor, shown)) {
    fail("I10", "request " + std::to_string(what.id) + " was answered with " + where +
                    " that is not stored");
  }
}

// One call takes effect once, and all its repeats are told the same.
void checker::check_keyed(const request& what, const spawn::outcome& with) {
  spawn::wire::any_view any;
  if (with.value.any.empty() || !spawn::wire::read_any(with.value.any, any)) {
    return;
  }
  const entry shown = entries_in(any.value).back();
  if (actors_[at(request_of(shown)).actor].mode != durability::commit) {
    return;  // the last hop of a chain, which may run again
  }
  const auto [first, is_new] = answer_to_key_.try_emplace(what.keyed_as, shown);
  if (!is_new && first->second != shown) {
    fail("key", "call " + std::to_string(what.keyed_as) + " to " + actors_[what.actor].name +
                    " and its repeat " + std::to_string(what.id) + " got different answers");
  }
  if (request_of(shown) == what.keyed_as) {
    check_shown(what, shown, "a result");
  }
}

void checker::check_answer(request& what, const spawn::outcome& with) {
  per_actor& of = of_[what.actor];
  const bool commits = actors_[what.actor].mode == durability::commit;
  errands.answered(what, with);
  switch (with.why) {
    case failure::none: {
      ++sum.ok;
      if (what.keyed_as != 0) {
        check_keyed(what, with);
      }
      spawn::wire::any_view any;
      if (what.foreign_answer || !spawn::wire::read_any(with.value.any, any)) {
        return;
      }
      const auto shown = entries_in(any.value);
      if (!shown.empty()) {
        check_shown(what, shown.back(), what.is_read ? "a state" : "a result");
      }
      if (!what.is_read && commits) {
        if (shown.empty() || request_of(shown.back()) != what.id) {
          fail("reply",
               "request " + std::to_string(what.id) + " got an answer that is not its own");
          return;
        }
        of.acked.push_back(shown.back());
      }
      if (what.is_read && commits && world_.plans.kernels == 1 && !world_.plans.operators &&
          !world_.plans.orders) {
        const std::unordered_set<entry> seen(shown.begin(), shown.end());
        for (std::size_t i = 0; i < what.acked_then; ++i) {
          if (!seen.contains(of.acked[i])) {
            fail("I9", "a read of " + actors_[what.actor].name +
                           " does not show what was acknowledged before it began");
            return;
          }
        }
      }
      return;
    }
    case failure::outcome_unknown:
      ++sum.unknown;
      return;
    case failure::internal:
      ++sum.other;
      fail("lost path", "request " + std::to_string(what.id) + " answered INTERNAL: " + with.text);
      return;
    case failure::not_applied:
      ++sum.not_applied;
      break;
    default:
      (spawn::facts(with.why).http == 503 ? sum.refused : sum.other) += 1;
      break;
  }
  if (commits && !what.foreign_answer) {
    const auto in = of.request_in.find(what.id);
    if (in != of.request_in.end()) {
      fail("I3", "request " + std::to_string(what.id) + " is in " + actors_[what.actor].name +
                     " and was answered " + std::string(spawn::facts(with.why).code) + ": " +
                     with.text);
    }
  }
}

void checker::answered(request& what, const spawn::outcome& with) {
  world_.note("answer", what.id, static_cast<std::uint64_t>(with.why), what.actor);
  if (what.answered) {
    fail("once", "request " + std::to_string(what.id) + " was answered twice");
    return;
  }
  what.answered = true;
  what.why = with.why;
  if (what.deadline_ns + 500 * spawn::ns_per_ms < world_.now_ns()) {
    fail("late", "request " + std::to_string(what.id) + " was answered " +
                     std::to_string((world_.now_ns() - what.deadline_ns) / spawn::ns_per_ms) +
                     " ms after its deadline: " + with.message());
  }
  check_answer(what, with);
}

void checker::rows_at_end(const std::unordered_set<request_id>& pending,
                          const std::unordered_set<request_id>& dead, bool quiet) {
  for (const request& r : requests_) {
    const bool sent = r.is_durable && of_[r.cause_actor].stored.contains(r.cause) &&
                      !of_[r.cause_actor].excused.contains(r.cause);
    if (!sent || actors_[r.actor].mode != durability::commit || actors_[r.actor].pooled) {
      continue;
    }
    const bool is_in = of_[r.actor].request_in.contains(r.id);
    const int places =
        (is_in ? 1 : 0) + (pending.contains(r.id) ? 1 : 0) + (dead.contains(r.id) ? 1 : 0);
    if (places == 0 && !r.for_flow) {  // else given up, its flow was told in place of a dead letter
      fail("I5", "message " + std::to_string(r.id) + " from " + actors_[r.cause_actor].name +
                     " to " + actors_[r.actor].name + " is lost");
    } else if (places > 1) {
      fail("I5", "message " + std::to_string(r.id) + " to " + actors_[r.actor].name +
                     " was consumed and is still in the store");
    } else if (quiet && pending.contains(r.id) && r.keeps_order) {
      fail("I12", "message " + std::to_string(r.id) + " to " + actors_[r.actor].name +
                      " was never delivered");
    }
  }
}

void checker::calls_at_end(const std::vector<std::string>& running) {
  for (const std::string& key : running) {
    fail("I12", "the call of " + key + " is still running");
  }
}

void checker::at_end() {
  for (const auto& r : requests_) {
    const bool asked = r.from == source::client || r.from == source::nested;
    if (asked && !r.answered && !r.lost) {
      fail("hang", "request " + std::to_string(r.id) + " to " + actors_[r.actor].name +
                       " was never answered");
    }
  }
  for (std::size_t i = 0; i < of_.size(); ++i) {
    for (const entry e : of_[i].acked) {
      if (!is_stored(static_cast<std::uint32_t>(i), e)) {
        fail("I2", "an acknowledged request is not in " + actors_[i].name);
      }
    }
  }
}

}  // namespace sim
