// Message rows on the receiver's side: which of them are taken, and what becomes of one whose turn
// failed (durability.md 12, 13, 18, 19).
#include <algorithm>

#include "base/log.hpp"
#include "cell/row_end.hpp"
#include "model/request_timeout.hpp"
#include "state/rows/row_keys.hpp"

namespace spawn {
namespace {

// Rows are fetched when fewer than this wait, and this many at a time.
constexpr std::uint32_t refill_below = 16;
constexpr std::uint32_t page_rows = 64;
constexpr std::uint32_t page_rows_max = 1'000;

struct inbox_page {
  cell* of = nullptr;
  std::string from, to, cursor;
};

}  // namespace

bool is_retried(failure why) noexcept {
  switch (why) {
    case failure::unavailable:
    case failure::shutting_down:
    case failure::deadline_exceeded:
    case failure::resource_exhausted:
    case failure::not_applied:
    case failure::outcome_unknown:
    case failure::actor_not_found:
    case failure::call_in_progress:
      return true;
    default:
      return false;
  }
}

std::uint64_t row_backoff_ms(const row_policy& policy, std::uint32_t attempts,
                             random& rng) noexcept {
  const std::uint64_t doubled = policy.backoff_first_ms
                                << std::min<std::uint32_t>(attempts - 1, 20);
  const std::uint64_t base = std::min(doubled, policy.backoff_max_ms);
  return base / 2 + rng.below(base / 2 + 1);
}

std::uint64_t row_limit_ms(const cell_options& options, const invocation& message) noexcept {
  return request_timeout_ms(message, options.request_ms, options.request_ms_max)
      .value_or(options.request_ms);
}

inbox& cell_lane::inbox_of(cell& c) {
  if (!c.rows) {
    c.rows = std::make_unique<inbox>(c);
    c.rows->retry.fire = [](timer& t) {
      cell& mine = *static_cast<inbox::retry_timer&>(t).of;
      mine.rows->wanted = true;
      mine.rows->on_hold = false;
      mine.home->revive(mine);
      mine.home->maybe_forget(mine);
    };
  }
  return *c.rows;
}

// A hint that carries a row. What is not taken stays in the store.
void cell_lane::take_hint(cell& c, invocation_ptr message) {
  inbox& in = inbox_of(c);
  switch (options_.rules.fifo_by_store ? in.judge_hint(*message->row)
                                       : in.judge_listed(*message->row)) {
    case inbox::verdict::known:
      return;
    case inbox::verdict::unsure:
      in.wanted = true;
      s_.stats.row_hints_unused.add();
      return;
    case inbox::verdict::take:
      break;
  }
  if (c.waiting >= c.def().policy.mailbox_max) {
    in.wanted = in.wanted || message->row->due_ms == 0;  // one with a due time is brought again
    s_.stats.row_hints_unused.add();
    return;
  }
  take_row(c, std::move(message));
}

void cell_lane::take_row(cell& c, invocation_ptr message) {
  inbox_of(c).took(*message->row);
  message->where = &c;
  message->arrived_ns = s_.home.now_ns();
  enqueue(c, std::move(message));
}

void cell_lane::wake(actor_view id, actor_type& type, std::shared_ptr<void> ticket) {
  if (draining_) {
    return;
  }
  cell* c = obtain(id, type);
  if (c == nullptr) {
    return;  // the next scan finds it
  }
  inbox& in = inbox_of(*c);
  in.wanted = true;
  in.ticket = std::move(ticket);
  revive(*c);
}

void cell_lane::revive(cell& c) {
  if (c.phase == cell_phase::absent && !c.reload && !draining_) {
    begin_activation(c, 0);
  } else {
    pump(c);
  }
}

// Asks the store for the rows that wait, if there is reason and room.
void cell_lane::pump(cell& c) {
  if (!c.rows) {
    return;
  }
  inbox& in = *c.rows;
  const bool is_up = c.phase == cell_phase::ready || c.phase == cell_phase::busy;
  if (draining_) {
    in.wanted = false;
    in.cursor.clear();
    in.retry.unlink();
    in.on_hold = false;
  }
  if (!in.wants_page()) {
    if (!in.listing) {
      in.ticket.reset();
    }
    return;
  }
  if (in.on_hold) {
    in.ticket.reset();  // it knows that something waits; others are to be woken meanwhile
    return;
  }
  // Rows do not starve behind callers of whom there are always enough.
  const bool is_full = c.waiting >= refill_below && in.pending() >= refill_below;
  if (in.listing || !is_up || c.reload || in.putting_off != 0 || is_full) {
    return;
  }
  in.list_begins();
  const auto id = c.id();
  auto range = inbox_range(id.system, id.name);
  auto* job = new inbox_page{&c, std::move(range.from), std::move(range.to), in.cursor};
  list_request* request = lists_.take();
  request->clear();
  request->owner = job;
  request->raw.from = slice_of(job->from);
  request->raw.to = slice_of(job->to);
  request->raw.cursor = slice_of(job->cursor);
  request->raw.limit = std::min(page_rows + in.pending(), page_rows_max);
  request->raw.with_payload = 1;
  request->ended = [](list_request& done) {
    static_cast<inbox_page*>(done.owner)->of->home->listed(done);
  };
  s_.stats.row_lists.add();
  store_of(c).submit(*request, SPAWN_SS_LIST, 0);
}

void cell_lane::listed(list_request& request) {
  const std::unique_ptr<inbox_page> job(static_cast<inbox_page*>(request.owner));
  cell& c = *job->of;
  inbox& in = *c.rows;
  in.listing = false;
  in.ticket.reset();  // this actor knows now that something waits
  const bool discarded = std::exchange(in.discard, false);
  const errc status = request.status();
  const std::string why = take_error_text(request.raw.op);
  bool full = false;
  if (status != errc::ok) {
    if (load_log_.allows(s_.home.now_ns())) {
      SPAWN_LOG(warn, "the rows that wait for an actor could not be listed", {"actor", c.id().name},
                {"why", why}, {"more_since_last_line", load_log_.take_held_back()});
    }
    in.cursor.clear();
    constexpr std::uint64_t again_ms = 500;
    s_.home.arm_after_ms(in.retry, again_ms);
  } else if (discarded || draining_ || c.reload || c.phase == cell_phase::absent) {
    in.cursor.clear();
    in.wanted = true;
  } else {
    full = !take_page(c, request.raw);
    in.cursor = full ? std::string() : std::string(view_of(request.raw.out_cursor));
    in.wanted = in.wanted || full;
  }
  spawn::release(request.raw.out_owner);
  spawn::release(request.raw.out_cursor);
  lists_.give_back(&request);
  if (c.phase == cell_phase::absent && !c.reload && !draining_ && has_work(c)) {
    begin_activation(c, 0);  // it was deleted while the page was on its way
    return;
  }
  run_next(c);
  pump(c);
  rearm(c);
  maybe_forget(c);
  check_drained();
}

// False: it stopped since the mailbox has enough.
bool cell_lane::take_page(cell& c, const spawn_ss_list& page) {
  inbox& in = *c.rows;
  const std::int64_t now_ms = s_.home.unix_ms();
  const auto* at = reinterpret_cast<const char*>(page.out_rows);
  for (std::uint32_t i = 0; i < page.out_n; ++i, at += page.out_row_stride) {
    const auto& row = *reinterpret_cast<const spawn_ss_row*>(at);
    const std::string_view key = view_of(row.key);
    if (!in.skipped.empty() && key.starts_with(in.skipped) && !is_outcome_key(key)) {
      continue;
    }
    auto opened = s_.rows.open(key, row.rec);
    if (!opened) {
      if (load_log_.allows(s_.home.now_ns())) {
        SPAWN_LOG(error, "a message row is left where it is: it cannot be read", {"key", key},
                  {"why", opened.error().text},
                  {"more_since_last_line", load_log_.take_held_back()});
      }
      if (const auto at_key = parse_row_key(key);
          at_key && at_key->sender != row_from_outside && !at_key->of_failure) {
        in.skipped = key.substr(0, key.rfind('/') + 1);  // nothing of its lane passes it
      }
      continue;
    }
    invocation_ptr message = std::move(*opened);
    message->row->store = c.def().policy.store;
    if (message->row->kind == row_kind::call_end) {
      s_.out->route(std::move(message));  // no actor's
      continue;
    }
    if (!s_.out->is_address_of(message->target, c.id()) ||
        in.judge_listed(*message->row) != inbox::verdict::take) {
      continue;
    }
    if (message->pooled) {
      s_.out->route(std::move(message));  // not the cell's: the pool knows what it has
      continue;
    }
    if (message->row->waits(now_ms)) {
      if (!message->row->blocked) {  // whoever unblocks it wakes the actor
        const auto wait = static_cast<std::uint64_t>(message->row->next_try_ms - now_ms);
        const std::uint64_t due =
            s_.home.now_ns() + std::min(wait, options_.rows.backoff_max_ms) * ns_per_ms;
        if (!in.retry.is_linked() || due < in.retry.due_ms * ns_per_ms) {
          s_.home.timers().arm(in.retry, due);
        }
      }
      if (message->row->is_ordered()) {
        in.skipped = inbox::lane_of(*message->row);
        in.skipped += '/';
      }
      continue;
    }
    if (c.waiting >= c.def().policy.mailbox_max ||
        (c.waiting >= page_rows && in.pending() >= page_rows)) {
      return false;
    }
    message->budget = &s_.budget;
    message->charged_bytes = message->storage.size() + sizeof(invocation);
    s_.budget.take(message->charged_bytes);
    take_row(c, std::move(message));
  }
  return true;
}

// A row whose turn failed: later, or to the dead letters.
void cell_lane::row_failed(cell& c, invocation_ptr message, failure why, const std::string& text) {
  message_row& row = *message->row;
  inbox& in = inbox_of(c);
  in.close(row);
  take_from_mailbox(c, row);
  ++in.writes;
  ++in.putting_off;
  ++row.attempts;
  row.last_error = std::string(facts(why).code) + ": " + text;
  cut_error(row);
  const bool again =
      row.is_kept() || (is_retried(why) && row.attempts < options_.rows.attempts_max);
  // A flow that waits for it decides what is next, in place of an operator.
  const bool is_decided = row.awaited && !row.awaited->failures_only;
  row.blocked =
      !again && !is_decided && row.is_ordered() && c.def().policy.on_poison == poison_policy::block;
  invocation& held = *message;
  auto after = [this, &c, stays = again || row.blocked, owned = std::move(message)](
                   row_outcome how, const std::string& cause) mutable {
    row_written(c, std::move(owned), stays, how, cause);
  };
  if (again) {
    const std::uint64_t wait = row_backoff_ms(options_.rows, held.row->attempts, s_.home.rng());
    held.row->next_try_ms = s_.home.unix_ms() + static_cast<std::int64_t>(wait);
    s_.stats.row_retries.add();
    s_.keeper.put_off(held, std::move(after));
    return;
  }
  give_up_row(s_, held, why, text, std::move(after));
}

void cell_lane::row_written(cell& c, invocation_ptr message, bool stays, row_outcome how,
                            const std::string& cause) {
  inbox& in = *c.rows;
  --in.writes;
  --in.putting_off;
  const message_row& row = *message->row;
  if (how == row_outcome::refused || how == row_outcome::unknown) {
    SPAWN_LOG(error, "a message row that failed could not be written", {"actor", c.id().name},
              {"row", row_id(row)}, {"why", cause});
  }
  in.open(row);
  if (!stays && how == row_outcome::done) {
    in.consumed(row);
  } else {
    in.gave_back(row);
  }
  if (how == row_outcome::refused || how == row_outcome::unknown) {
    // Its attempts are not on record: not at once again.
    constexpr std::uint64_t again_ms = 1'000;
    in.wanted = false;
    s_.home.arm_after_ms(in.retry, again_ms);
  } else if (row.due_ms != 0 && stays) {
    message_row due = row;
    due.due_ms = row.next_try_ms;
    s_.out->stored_for_later(due);
  } else {
    in.wanted = true;
  }
  pump(c);
  rearm(c);
  maybe_forget(c);
  check_drained();
}

// Rows of the same lane behind it leave the mailbox; they are still in the store.
void cell_lane::take_from_mailbox(cell& c, const message_row& failed) {
  if (!failed.is_ordered()) {
    return;
  }
  const std::string lane(inbox::lane_of(failed));
  drop_rows(c, [&](const message_row& row) {
    return row.is_ordered() && row.seq > failed.seq && inbox::lane_of(row) == lane;
  });
}

template <class F>
void cell_lane::drop_rows(cell& c, F&& which) {
  intrusive_list<invocation, mailbox_tag> kept;
  while (invocation* each = c.mailbox.pop_front()) {
    if (each->row && which(*each->row)) {
      c.rows->gave_back(*each->row);
      --c.waiting;
      s_.stats.messages_waiting.sub();
      delete each;
    } else {
      kept.push_back(*each);
    }
  }
  c.mailbox.splice_front(kept);
}

// In an actor without a durable record a row is deleted once its turn has run: it may run again, if
// this kernel ends before it is deleted.
// A flow that waits for it hears of it by the deletion's own group, at the end of the chain.
void cell_lane::consume_alone(cell& c, finished_turn& ended) {
  const message_row& row = *ended.message->row;
  ++inbox_of(c).writes;
  invocation_ptr end;
  if (row.call) {
    end = make_call_end(*ended.message, s_.writers.next(), s_.home.unix_ms(),
                        end_of_call(row.call->digest, ended));
  }
  auto kept = std::make_unique<invocation>();
  kept->row = std::make_unique<message_row>(row);
  if (!row.awaited || !ended.out.route) {
    conclude_alone(c, std::move(kept), ended.answer, std::move(end));
    return;
  }
  ended.out.route->reply =
      slot_for_row(s_.home, std::move(kept),
                   [this, &c, end = std::move(end)](invocation_ptr of, outcome how) mutable {
                     conclude_alone(c, std::move(of), in_doubt(std::move(how)), std::move(end));
                   });
}

void cell_lane::conclude_alone(cell& c, invocation_ptr of, const outcome& how, invocation_ptr end) {
  const message_row& row = *of->row;
  conclude_row(s_, row, how, std::move(end),
               [this, &c, owned = std::move(of)](row_outcome, const std::string&) {
                 row_concluded(c, *owned->row);
               });
}

void cell_lane::row_concluded(cell& c, const message_row& row) {
  --c.rows->writes;
  c.rows->consumed(row);
  pump(c);
  maybe_forget(c);
  check_drained();
}

// What is in memory is not the actor any more: the store tells which rows are still to be run.
void cell_lane::forget_rows(cell& c) {
  if (!c.rows) {
    return;
  }
  drop_rows(c, [](const message_row&) { return true; });
  c.rows->reset();
}

}  // namespace spawn
