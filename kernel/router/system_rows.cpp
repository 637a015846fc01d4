#include "router/system_rows.hpp"

#include <algorithm>

#include "base/log.hpp"
#include "cell/row_end.hpp"
#include "state/rows/call_row.hpp"
#include "state/rows/row_keys.hpp"

namespace spawn {
namespace {

constexpr std::uint64_t probe_first_ms = 100;
constexpr std::uint64_t probe_max_ms = 30'000;
constexpr std::uint64_t probe_next_ms = 5'000;  // after one that came to nothing

using address_key = std::pair<std::string, std::uint32_t>;  // of an address, and the store

address_key key_of(actor_view address, std::uint32_t store) {
  return {row_actor(address), store};
}

// What the call that the chain began with is told, if there is one.
invocation_ptr end_of(cell_services& services, const invocation& message, const outcome& how) {
  const message_row& row = *message.row;
  return row.call ? make_call_end(message, services.writers.next(), services.home.unix_ms(),
                                  ended_call(row.call->digest, how))
                  : nullptr;
}

}  // namespace

// A system that is not reached.
struct system_rows::absence {
  system_rows* owner = nullptr;
  std::string system;
  std::uint32_t times = 0;
  std::map<address_key, std::pair<actor_id, std::uint32_t>> waiting;
  address_key probing;  // the one address that may try
  struct probe_timer : timer {
    absence* of = nullptr;
  } again;
};

// What is out to a system, and what waits for that to become less.
struct system_rows::traffic {
  std::size_t asked = 0;
  std::deque<place> waiting;
};

system_rows::system_rows(cell_services& services, const cell_options& options, store_desk& desk,
                         system_calls& calls, parts with)
    : outgoing_rows(services, desk), options_(options), calls_(calls), with_(std::move(with)) {}

system_rows::~system_rows() = default;

bool system_rows::admits(actor_view address, std::uint32_t store) {
  if (!with_.is_elsewhere(address.system)) {
    with_.hand_back(actor_id(address), store);
    return false;
  }
  const auto found = away_.find(address.system);
  if (found == away_.end()) {
    return true;
  }
  absence& of = *found->second;
  const address_key key = key_of(address, store);
  if (of.probing == key) {
    return true;
  }
  if (of.waiting.size() < remembered_max) {  // the next scan finds the others
    of.waiting.try_emplace(key, actor_id(address), store);
  }
  return false;
}

// --- asking ----------------------------------------------------------------------------------

void system_rows::send(place where, invocation& message, std::uint32_t) {
  const std::string system(message.target.system);
  traffic& of = traffic_[system];
  if (of.asked < asks_max) {
    ask(where);
  } else {
    of.waiting.push_back(std::move(where));
  }
}

void system_rows::ask(const place& where) {
  const invocation& message = row_at(where);
  ++traffic_[std::string(message.target.system)].asked;
  const std::uint64_t until = s_.home.now_ns() + row_limit_ms(options_, message) * ns_per_ms;
  calls_.ask(message, short_row_id(*message.row), until, [this, where](system_answer got) {
    if (!is_stopped()) {
      const std::string system(address_of(where).system);
      --traffic_[system].asked;
      answered(where, std::move(got));
      ask_next(system);
    }
  });
}

void system_rows::ask_next(const std::string& system) {
  traffic& of = traffic_[system];
  while (of.asked < asks_max && !of.waiting.empty()) {
    const place next = std::move(of.waiting.front());
    of.waiting.pop_front();
    if (admits(address_of(next), store_of(next))) {
      ask(next);
    } else {
      forget(next);
    }
  }
  if (of.asked == 0 && of.waiting.empty()) {
    traffic_.erase(system);
  }
}

void system_rows::answered(const place& where, system_answer got) {
  const std::string system(address_of(where).system);
  switch (got.fate) {
    case ask_fate::unsent:
      is_away(where, got.how.message());
      forget(where);
      return;
    case ask_fate::unanswered:
      is_away(where, got.how.message());
      is_unanswered(where, got.how);
      return;
    case ask_fate::answered:
      break;
  }
  is_there(system);
  // It took effect, and what it answered is not known any more.
  const bool has_run = got.how.ok() || got.how.why == failure::response_not_kept;
  has_run ? has_ended(where, got.how) : has_failed(where, got.how);
}

// --- what comes of it ------------------------------------------------------------------------

void system_rows::has_ended(const place& where, const outcome& how) {
  end(where, [this, how](invocation& message, row_keeper::done_fn done) {
    s_.stats.rows_consumed.add();
    conclude_row(s_, *message.row, how, end_of(s_, message, how),
                 [this, how, to = message.row->reply, then = std::move(done)](
                     row_outcome written, std::string why) mutable {
                   if (to && written != row_outcome::refused) {
                     s_.out->answer(to, how);
                   }
                   then(written, std::move(why));
                 });
  });
}

void system_rows::has_failed(const place& where, const outcome& how) {
  message_row& row = *row_at(where).row;
  ++row.attempts;
  row.last_error = how.message();
  cut_error(row);
  // Somebody waits at the other end of a pipe or forward: the error is the reply (rule 18).
  const bool is_awaited = row.reply && row.reply.incarnation == with_.incarnation &&
                          how.why == failure::actor_not_found;
  if (!is_retried(how.why) || is_awaited || row.attempts >= options_.rows.attempts_max) {
    end(where, [this, how](invocation& message, row_keeper::done_fn done) {
      give_up_row(s_, message, how.why, how.text, std::move(done));
    });
    return;
  }
  s_.stats.row_retries.add();
  const std::uint64_t wait = row_backoff_ms(options_.rows, row.attempts, s_.home.rng());
  note(where, [this, where, wait, why = row.last_error] { send_later(where, wait, why); });
}

// Nobody knows whether it has run.
void system_rows::is_unanswered(const place& where, const outcome& how) {
  message_row& row = *row_at(where).row;
  ++row.attempts;
  row.may_have_run = true;
  row.last_error = how.message();
  cut_error(row);
  if (row.attempts >= options_.rows.attempts_max) {
    end(where, [this, how](invocation& message, row_keeper::done_fn done) {
      give_up_row(s_, message, how.why, how.text, std::move(done));
    });
    return;
  }
  s_.stats.row_retries.add();
  note(where, [this, where] { forget(where); });
}

// --- whether the other system is there -------------------------------------------------------

void system_rows::is_there(const std::string& system) {
  const auto found = away_.extract(system);
  if (found.empty()) {
    return;
  }
  found.mapped()->again.unlink();
  for (const auto& [key, each] : found.mapped()->waiting) {
    wake(each.first.view(), each.second, nullptr);
  }
}

void system_rows::is_away(const place& where, const std::string& why) {
  const actor_view address = address_of(where);
  const std::string system(address.system);
  auto& of = away_[system];
  if (!of) {
    of = std::make_unique<absence>();
    of->owner = this;
    of->system = system;
    of->again.of = of.get();
    of->again.fire = [](timer& t) {
      absence& due = *static_cast<absence::probe_timer&>(t).of;
      due.owner->probe(due);
    };
    if (log_.allows(s_.home.now_ns())) {
      SPAWN_LOG(warn, "another system is not reached; messages to it wait", {"system", system},
                {"why", why}, {"more_since_last_line", log_.take_held_back()});
    }
  }
  const address_key key = key_of(address, store_of(where));
  of->waiting.try_emplace(key, actor_id(address), store_of(where));
  if (of->probing == key || !of->again.is_linked()) {
    of->probing = {};
    const std::uint64_t doubled = probe_first_ms << std::min<std::uint32_t>(of->times++, 10);
    const std::uint64_t step = std::min(doubled, probe_max_ms);
    s_.home.arm_after_ms(of->again, step / 2 + s_.home.rng().below(step / 2 + 1));
  }
}

// One of those that wait tries. That its rows are gone meanwhile ends in nothing: so the next one
// is tried after a while, until none is left.
void system_rows::probe(absence& of) {
  if (of.waiting.empty() || !with_.is_elsewhere(of.system)) {
    is_there(std::string(of.system));
    return;
  }
  const auto first = of.waiting.begin();
  of.probing = first->first;
  const auto [address, store] = std::move(first->second);
  of.waiting.erase(first);
  s_.home.arm_after_ms(of.again, probe_next_ms);
  wake(address.view(), store, nullptr);
}

}  // namespace spawn
