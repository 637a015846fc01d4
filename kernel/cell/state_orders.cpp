// Restore, delete, erase: turns that an operator asks for (durability.md 25, 26).
#include "base/log.hpp"
#include "cell/cell_lane.hpp"
#include "wire/common.hpp"

namespace spawn {
namespace {

// The older revision on its way.
struct restore_job {
  std::string key;
  cell* of = nullptr;
  invocation_ptr message;
};

std::pair<failure, std::string> refusal_of(const error& why, const invocation& message) {
  const std::string which = "revision " + std::to_string(message.order->revision) + " of actor " +
                            std::string(message.target.name);
  switch (why.code) {
    case errc::not_found:
      return {failure::revision_not_found, which + " is not kept"};
    case errc::corrupt:
    case errc::denied:
    case errc::unsupported:
      return {failure::corrupt, which + " can not be opened: " + why.text};
    default:
      return {failure::unavailable, which + " could not be loaded: " + why.text};
  }
}

}  // namespace

void cell_lane::run_order(cell& c, invocation_ptr message) {
  if (c.def().mode() == durability::none) {
    message->fail(failure::invalid_argument,
                  "actor " + std::string(message->target.name) + " keeps no state in a store");
    return;
  }
  if (c.def().served_by != nullptr && message->order->kind == state_order_kind::restore) {
    message->fail(failure::invalid_argument,
                  "actor " + std::string(message->target.name) +
                      " is a flow: what it has sent since would be sent again");
    return;
  }
  if (message->order->kind == state_order_kind::restore) {
    load_for_order(c, std::move(message));
  } else {
    remove_state(c, std::move(message));
  }
}

void cell_lane::load_for_order(cell& c, invocation_ptr message) {
  const auto id = c.id();
  c.phase = cell_phase::busy;
  load_request* request = loads_.take();
  request->clear();
  const std::uint64_t revision = message->order->revision;
  const std::uint64_t deadline_ns = message->deadline_ns;
  auto* job = new restore_job{*actor_key(id.system, id.parent, id.name), &c, std::move(message)};
  request->owner = job;
  request->raw.key = slice_of(job->key);
  request->raw.key_hash = hash_bytes(job->key);
  request->raw.at_revision = revision;
  request->ended = [](load_request& done) {
    static_cast<restore_job*>(done.owner)->of->home->order_loaded(done);
  };
  store_of(c).submit(*request, SPAWN_SS_LOAD, deadline_ns);
}

void cell_lane::order_loaded(load_request& request) {
  const std::unique_ptr<restore_job> job(static_cast<restore_job*>(request.owner));
  cell& c = *job->of;
  const errc status = request.status();
  result<record> read = fail(status, take_error_text(request.raw.op));
  if (status == errc::ok) {
    read = s_.codec.open(job->key, request.raw.out);
  }
  spawn::release(request.raw.out);
  loads_.give_back(&request);
  c.phase = cell_phase::ready;
  if (std::exchange(c.reload, false)) {
    c.phase = cell_phase::absent;
    job->message->fail(failure::not_applied,
                       "the state of the actor could not be stored; it is loaded afresh");
    if (has_work(c)) {
      begin_activation(c, 0);
    } else {
      pump(c);  // which gives up while this kernel drains
      maybe_forget(c);
    }
    return;
  }
  if (job->message->deadline_ns <= s_.home.now_ns()) {
    job->message->fail(failure::deadline_exceeded,
                       "the deadline passed while the older revision was loaded; nothing changed");
    order_ended(c);
    return;
  }
  if (!read) {
    const auto [why, text] = refusal_of(read.error(), *job->message);
    job->message->fail(why, text);
    order_ended(c);
    return;
  }
  take_content(c, *read);
  finished_turn ended;
  ended.type = c.type;
  ended.answer = outcome::done({});
  ended.message = std::move(job->message);
  save_batch& batch = gather(c);
  batch.restores = true;
  batch.writes = true;
  join(c, batch, std::move(ended));
  run_next(c);
}

void cell_lane::remove_state(cell& c, invocation_ptr message) {
  finished_turn ended;
  ended.type = c.type;
  ended.answer = outcome::done({});
  ended.message = std::move(message);
  const bool is_stored = c.revision != 0 || c.flying || c.gathering;
  if (!is_stored) {
    forget_content(c);  // what is in memory was never stored, and now never will be
    release(ended);
    return;
  }
  save_batch& batch = gather(c);
  batch.removes = true;
  batch.writes = true;
  batch.erases = ended.message->order->kind == state_order_kind::erase;
  if (c.def().served_by != nullptr) {
    tell_callers(c, batch, ended);
  }
  disarm_all(c, ended);
  c.state_any.clear();
  c.tags.clear();
  join(c, batch, std::move(ended));
}

// As after a turn: what was put off until the actor was quiet is looked at again.
void cell_lane::order_ended(cell& c) {
  run_next(c);
  if (draining_) {
    s_.home.timers().arm(c, s_.home.now_ns());
  } else if (c.recycle) {
    maybe_forget(c);
  }
}

// The turn's answer waits for the batch, which starts if nothing is before it.
void cell_lane::join(cell& c, save_batch& batch, finished_turn ended) {
  ended.ended_ns = s_.home.now_ns();
  note_deadline(batch, ended);
  batch.turns.push_back(std::move(ended));
  if (!c.flying) {
    start_save(c);
  }
}

// The actor begins a new life with its next message.
void cell_lane::forget_content(cell& c) {
  c.dirty = false;
  c.snapshot_due_ns = 0;
  c.state_any.clear();
  c.tags.clear();
  c.reminders.reset();
  c.unknown_meta.reset();
  c.phase = cell_phase::absent;
  if (has_work(c) && !draining_) {
    begin_activation(c, 0);
  } else {
    if (draining_) {
      fail_waiting(c, failure::shutting_down, "this kernel is draining");
    }
    maybe_forget(c);
  }
}

}  // namespace spawn
