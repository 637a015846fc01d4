// Saving: one at a time per cell, its outcome settled by writing (durability.md 1-9, D20, D21).
#include "base/log.hpp"
#include "cell/cell_lane.hpp"
#include "wire/common.hpp"

namespace spawn {
namespace {

constexpr std::uint64_t retry_first_ms = 20;
constexpr std::uint64_t retry_max_ms = 2'000;

std::uint64_t backoff_ms(std::uint32_t tries, std::uint32_t asked_ms, random& rng) {
  const std::uint64_t doubled = retry_first_ms << std::min<std::uint32_t>(tries, 8);
  const std::uint64_t base = std::max<std::uint64_t>(std::min(doubled, retry_max_ms), asked_ms);
  return base / 2 + rng.below(base / 2 + 1);
}

}  // namespace

save_batch& cell_lane::gather(cell& c) {
  if (!c.gathering) {
    c.gathering = std::make_unique<save_batch>();
    save_batch& made = *c.gathering;
    made.of = &c;
    made.number = ++last_batch_;
    made.retry.batch = &made;
    made.retry.fire = [](timer& t) {
      save_batch& batch = *static_cast<save_batch::batch_timer&>(t).batch;
      batch.of->home->submit(batch);
    };
    made.deadline.batch = &made;
    made.deadline.fire = [](timer& t) {
      save_batch& batch = *static_cast<save_batch::batch_timer&>(t).batch;
      batch.of->home->batch_deadline(batch);
    };
  }
  return *c.gathering;
}

void cell_lane::start_save(cell& c) {
  c.flying = std::move(c.gathering);
  save_batch& batch = *c.flying;
  if (batch.removes && c.revision == 0 && !batch.erases) {
    batch.removes = false;  // made and ended in one save: there is nothing to leave a tombstone of
  }
  const auto id = c.id();
  batch.key = *actor_key(id.system, id.parent, id.name);  // loading it has checked the key
  batch.new_revision = c.revision + (batch.writes ? 1 : 0);
  batch.submitted_ns = s_.home.now_ns();
  const auto sealed = seal_group(c, batch);
  if (batch.writes) {
    c.dirty = false;
    c.snapshot_due_ns = 0;
  }
  if (!sealed) {
    save_lost(c, failure::not_applied, "the state could not be sealed: " + sealed.error().text,
              rerun::refused);
    return;
  }
  fill_group(c, batch);
  s_.stats.saves.add();
  s_.stats.save_turns.add(batch.turns.size());
  submit(batch);
}

void cell_lane::save_ok(cell& c) {
  const std::unique_ptr<save_batch> batch = std::move(c.flying);
  s_.stats.commit_time.observe_ns(s_.home.now_ns() - batch->submitted_ns);
  if (batch->writes) {
    c.revision = batch->new_revision;
    c.stored_writer = c.writer;
  }
  free_requests(*batch);
  if (std::exchange(c.restoring, false)) {
    s_.out->restored(c.id());
  }
  if (c.gathering) {
    start_save(c);
  }
  for (auto& ended : batch->turns) {
    if (ended.message && ended.message->order) {
      ended.message->order->made_revision = batch->new_revision;
    }
    if (ended.message && ended.message->row && ended.message->row->grouped) {
      c.rows->consumed(*ended.message->row);
    }
    call_stored(c, ended);
    release(ended);
  }
  settle_held(c, batch->number);
  if (batch->removes) {
    forget_content(c);
    check_drained();
    return;
  }
  run_next(c);
  pump(c);
  rearm(c);
  maybe_forget(c);
  check_drained();
}

void cell_lane::settle_conflict(cell& c) {
  save_batch& batch = *c.flying;
  const auto& op = batch.requests.front()->raw;
  if (batch.in_doubt && batch.writes && op.out_writer == c.writer &&
      op.out_revision >= batch.new_revision) {
    save_ok(c);  // an earlier submission of these very bytes landed
    return;
  }
  s_.stats.save_conflicts.add();
  if (batch.in_doubt) {
    save_lost(c, failure::outcome_unknown, "another owner wrote the actor's state meanwhile");
  } else {
    save_lost(c, failure::not_applied, "another owner wrote the actor's state", rerun::if_allowed);
  }
}

void cell_lane::save_retry(cell& c, const error& why) {
  save_batch& batch = *c.flying;
  s_.stats.save_retries.add();
  const bool waits_for_ever =
      batch.in_doubt || c.def().mode() == durability::snapshot || batch.turns.empty();
  std::uint64_t until = UINT64_MAX;
  for (const auto& ended : batch.turns) {
    const bool is_awaited = ended.message && (ended.message->reply != nullptr ||
                                              (ended.parked && s_.out->is_parked(ended.parked)));
    if (is_awaited) {
      until = std::min(until, ended.message->deadline_ns);
    }
  }
  const std::uint64_t after =
      backoff_ms(batch.tries, why.retry_after_ms, s_.home.rng()) * ns_per_ms;
  if (!waits_for_ever && s_.home.now_ns() + after >= until) {
    save_lost(c, failure::not_applied, "the store is not available: " + why.text);
    return;
  }
  SPAWN_LOG(warn, "a save is tried again", {"actor", c.id().name}, {"tries", batch.tries},
            {"code", name(why.code)}, {"why", why.text});
  s_.home.timers().arm(batch.retry, s_.home.now_ns() + after);
}

void cell_lane::doubt(cell& c, const error& why) {
  save_batch& batch = *c.flying;
  if (!batch.in_doubt) {
    batch.in_doubt = true;
    s_.stats.save_unknown.add();
    SPAWN_LOG(warn, "the outcome of a save is unknown; it is repeated until known",
              {"actor", c.id().name}, {"why", why.text});
  }
  if (!options_.rules.resolve_by_writing) {
    reread(c);
    return;
  }
  if (s_.home.now_ns() - batch.submitted_ns > options_.doubt_ms * ns_per_ms) {
    save_lost(c, failure::outcome_unknown, "the store never said whether the state was stored");
    return;
  }
  s_.home.timers().arm(
      batch.retry,
      s_.home.now_ns() + backoff_ms(batch.tries, why.retry_after_ms, s_.home.rng()) * ns_per_ms);
}

// What rule 7 forbids, for the simulation that shows why: look, and conclude from what is there.
void cell_lane::reread(cell& c) {
  struct look {
    cell* of;
    std::string key;
  };
  load_request* request = loads_.take();
  request->clear();
  auto* job = new look{&c, c.flying->key};
  request->owner = job;
  request->raw.key = slice_of(job->key);
  request->ended = [](load_request& done) {
    const std::unique_ptr<look> mine(static_cast<look*>(done.owner));
    cell& seen = *mine->of;
    cell_lane& self = *seen.home;
    const auto& out = done.raw.out;
    const bool written = out.writer == seen.writer && out.revision >= seen.flying->new_revision;
    spawn::release(done.raw.out);
    self.loads_.give_back(&done);
    if (written) {
      self.save_ok(seen);
    } else {
      self.save_lost(seen, failure::not_applied, "re-read: not there");
    }
  };
  store_of(c).submit(*request, SPAWN_SS_LOAD, 0);
}

// Keeps the batch's timer at the earliest deadline of a caller that still waits.
void cell_lane::note_deadline(save_batch& batch, const finished_turn& held) {
  if (!held.message || held.message->reply == nullptr) {
    return;
  }
  const std::uint64_t due = held.message->deadline_ns;
  if (!batch.deadline.is_linked() || due < batch.deadline.due_ms * ns_per_ms) {
    s_.home.timers().arm(batch.deadline, due);
  }
}

// A caller's deadline passes while its turn is held.
void cell_lane::batch_deadline(save_batch& batch) {
  cell& c = *batch.of;
  const std::uint64_t now = s_.home.now_ns();
  const bool is_flying = c.flying.get() == &batch;
  const bool certainly_not_stored =
      is_flying && !batch.at_store && !batch.in_doubt && c.def().mode() == durability::commit;
  if (certainly_not_stored) {
    save_lost(c, failure::not_applied, "the store was not available until the deadline");
    return;
  }
  for (auto& ended : batch.turns) {
    if (ended.message && ended.message->reply != nullptr && ended.message->deadline_ns <= now) {
      ended.given_up = true;
      c.type->failed.add();
      s_.stats.invocations_failed.add();
      if (doubt_log_.allows(now)) {
        SPAWN_LOG(warn, "a caller's deadline passed before the outcome of its save was known",
                  {"actor", c.id().name}, {"action", ended.message->action},
                  {"trace_id", ended.message->trace.trace_id_hex()},
                  {"more_since_last_line", doubt_log_.take_held_back()});
      }
      ended.message->fail(failure::outcome_unknown,
                          "the action ran; whether its state was stored was not known by the "
                          "deadline");
    }
    note_deadline(batch, ended);
  }
}

// The save had no effect, or its effect cannot be known: what is in memory is not the actor.
void cell_lane::save_lost(cell& c, failure why, const std::string& text, rerun again_if) {
  std::unique_ptr<save_batch> batch = std::move(c.flying);
  std::unique_ptr<save_batch> behind = std::move(c.gathering);
  free_requests(*batch);
  SPAWN_LOG(warn, "a save was lost; the actor is loaded afresh", {"actor", c.id().name},
            {"code", facts(why).code}, {"why", text}, {"turns", batch->turns.size()});
  if (c.def().mode() == durability::snapshot) {
    s_.stats.snapshots_lost.add();
  }
  c.undeclarable = c.undeclarable || again_if == rerun::refused;
  // A call with a key takes effect once, however often it runs (rule 8).
  const auto may_rerun = [&](const finished_turn& ended) {
    return again_if == rerun::all ||
           (again_if == rerun::if_allowed &&
            (ended.call || c.def().policy.on_conflict == conflict_policy::rerun));
  };
  intrusive_list<invocation, mailbox_tag> again;
  std::vector<invocation_ptr> failed_rows;
  const auto settle = [&](finished_turn& ended, failure said) {
    if (!ended.message) {
      return;
    }
    if (ended.call) {
      ended.message->keyed->forget();
    }
    if (ended.message->row) {  // the store tells whether it is still to be run
      const reply_ref place = ended.message->row->reply;
      if (again_if == rerun::refused) {
        failed_rows.push_back(std::move(ended.message));
      } else if (place && c.def().mode() != durability::commit) {
        s_.out->answer(place, outcome::failed(said, text));  // it is gone: nobody else will
      }
      return;
    }
    if (ended.parked) {
      ended.message->reply = s_.out->unpark(ended.parked);
    }
    const bool unknown = said == failure::outcome_unknown;
    const bool rerun = unknown ? !options_.rules.unknown_is_final
                               : may_rerun(ended) && ended.message->reroutes < 3;
    if (rerun && ended.message->reply != nullptr) {
      ++ended.message->reroutes;
      again.push_back(*ended.message.release());
      ++c.waiting;
      s_.stats.messages_waiting.add();
      s_.home.timers().arm(again.back()->expiry, again.back()->deadline_ns);
      return;
    }
    if (!ended.given_up) {
      c.type->failed.add();
      s_.stats.invocations_failed.add();
    }
    ended.message->fail(said, text);
  };
  for (auto& ended : batch->turns) {
    settle(ended, why);
  }
  if (behind) {
    // Never submitted, so certainly not stored, whatever became of the one before it.
    for (auto& ended : behind->turns) {
      settle(ended, failure::not_applied);
    }
  }
  c.mailbox.splice_front(again);
  batch.reset();
  behind.reset();
  for (auto& each : failed_rows) {
    row_failed(c, std::move(each), failure::not_applied, text);
  }
  if (!options_.rules.reload_after_loss) {
    run_next(c);
    return;
  }
  drop(c);
}

void cell_lane::drop(cell& c) {
  s_.stats.reloads.add();
  c.dirty = false;
  c.snapshot_due_ns = 0;
  c.restoring = false;
  c.state_any.clear();
  c.tags.clear();
  c.reminders.reset();
  c.unknown_meta.reset();
  fail_held(c, "the state of the calling actor could not be stored");
  forget_rows(c);
  if (c.keys) {
    c.keys->forget_all();
  }
  if (c.running || c.phase == cell_phase::busy) {
    c.reload = true;  // its turn still runs at the host, or an older revision is being loaded
    return;
  }
  c.phase = cell_phase::absent;
  if (has_work(c) && !draining_) {
    begin_activation(c, 0);
    return;
  }
  fail_waiting(c, failure::shutting_down, "this kernel is draining");
  maybe_forget(c);
  check_drained();
}

void cell_lane::settle_held(cell& c, std::uint64_t batch) {
  if (!c.held) {
    return;
  }
  auto waiting = std::move(c.held);
  for (auto& call : *waiting) {
    if (call.batch <= batch) {
      call.message->expiry.unlink();
      s_.out->route(std::move(call.message));
    } else {
      if (!c.held) {
        c.held = std::make_unique<std::vector<held_call>>();
      }
      c.held->push_back(std::move(call));
    }
  }
}

void cell_lane::fail_held(cell& c, const std::string& text) {
  if (!c.held) {
    return;
  }
  const auto waiting = std::move(c.held);
  for (auto& call : *waiting) {
    call.message->fail(failure::not_applied, text);
  }
}

}  // namespace spawn
