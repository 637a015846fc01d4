#include "torture/ledger.hpp"

#include <algorithm>

#include "wire/reader.hpp"

namespace torture {

namespace {

constexpr std::size_t complaints_max = 50;

// Codes that say the update is not in the state and never will be. UNAVAILABLE and its kind come
// with 503 only; after these three the action may have run.
fate fate_of(int http, const answer& got) {
  if (http == 503) {
    return fate::not_run;
  }
  return got.code == "NOT_APPLIED" ? fate::not_applied : fate::unknown;
}

bool is_expected(std::string_view code) {
  return code == "NOT_APPLIED" || code == "OUTCOME_UNKNOWN" || code == "UNAVAILABLE" ||
         code == "DEADLINE_EXCEEDED" || code == "RESOURCE_EXHAUSTED";
}

}  // namespace

ledger::ledger(std::uint32_t actors, std::uint32_t slots, bool durable)
    : durable_(durable), books_(actors) {
  for (auto& book : books_) {
    book.slots.resize(slots);
    book.last_count.resize(slots);
  }
}

std::uint32_t ledger::next(std::uint32_t actor, std::uint32_t slot) {
  auto& fates = books_[actor].slots[slot];
  fates.push_back(fate::unknown);
  ++counts_[static_cast<std::size_t>(fate::unknown)];
  return static_cast<std::uint32_t>(fates.size() - 1);
}

void ledger::complain(std::string text) {
  if (complaints_.size() < complaints_max) {
    complaints_.push_back(std::move(text));
  }
}

void ledger::told(std::uint32_t actor, request_id id, int http, const answer& got) {
  if (!got.readable) {
    complain(actor_name(actor) + ": HTTP " + std::to_string(http) + " with an undecodable body");
    return;
  }
  fate f = fate::acked;
  if (http == 200 && got.ok) {
    spawn::wire::reader r(got.value);
    acked(actor, id.slot, r.next() && r.field() == 1 ? r.varint() : 0);
  } else {
    f = fate_of(http, got);
    ++codes_[got.text.substr(0, got.text.find_first_of("'0123456789"))];
    if (!is_expected(got.code)) {
      complain(actor_name(actor) + ": HTTP " + std::to_string(http) + ", " + got.text);
    }
  }
  books_[actor].slots[id.slot][id.seq] = f;
  --counts_[static_cast<std::size_t>(fate::unknown)];
  ++counts_[static_cast<std::size_t>(f)];
}

void ledger::acked(std::uint32_t actor, std::uint32_t slot, std::uint64_t updates) {
  auto& book = books_[actor];
  if (!durable_) {
    return;  // a kill may take acknowledged updates back, and counts repeat
  }
  if (updates <= book.last_count[slot]) {
    complain(actor_name(actor) + ": update " + std::to_string(updates) + " acknowledged after " +
             std::to_string(book.last_count[slot]));
  }
  book.last_count[slot] = updates;
  book.seen_counts.resize(std::max<std::size_t>(book.seen_counts.size(), updates + 1));
  if (book.seen_counts[updates]) {
    complain(actor_name(actor) + ": two callers were told they made update " +
             std::to_string(updates));
  }
  book.seen_counts[updates] = true;
}

void ledger::check_state(std::uint32_t actor, const applied& state, const char* where) {
  const auto& book = books_[actor];
  const std::string name = actor_name(actor) + " in " + where + ": ";
  if (state.updates != state.distinct()) {
    complain(name + std::to_string(state.updates) + " updates of " +
             std::to_string(state.distinct()) + " ids: one was applied twice");
  }
  for (std::uint32_t s = 0; s < book.slots.size(); ++s) {
    const auto& fates = book.slots[s];
    for (std::uint32_t i = 0; i < fates.size(); ++i) {
      const bool in = state.has({s, i});
      const std::string id = "id " + std::to_string(s) + "/" + std::to_string(i);
      if (fates[i] == fate::acked && !in && durable_) {
        complain(name + id + " was acknowledged and is lost");
      } else if ((fates[i] == fate::not_applied || fates[i] == fate::not_run) && in) {
        complain(name + id + " was answered NOT_APPLIED or 503 and is applied");
      }
    }
    const auto known = static_cast<std::uint64_t>(fates.size());
    if (s < state.slots.size() && state.slots[s].bytes().size() * 8 > known + 7) {
      complain(name + "ids that nobody sent");
    }
  }
}

void ledger::check_runs(std::uint32_t actor, const applied& executed) {
  const auto& book = books_[actor];
  if (executed.updates != executed.distinct()) {
    complain(actor_name(actor) + ": the host ran an id twice");
  }
  for (std::uint32_t s = 0; s < book.slots.size(); ++s) {
    for (std::uint32_t i = 0; i < book.slots[s].size(); ++i) {
      if (book.slots[s][i] == fate::not_run && executed.has({s, i})) {
        complain(actor_name(actor) + ": id " + std::to_string(s) + "/" + std::to_string(i) +
                 " was answered 503 and had run");
      }
    }
  }
}

}  // namespace torture
