// A turn: mailbox, host call, new state, what it sends (protocol.md 6; durability.md 4).
#include <algorithm>

#include "base/log.hpp"
#include "cell/actor_pool.hpp"
#include "cell/call_identity.hpp"
#include "hostcall/host_error_text.hpp"
#include "resiliency/call_guard.hpp"
#include "wire/host_call.hpp"

namespace spawn {

cell_lane::cell_lane(const cell_services& services, const cell_options& options)
    : s_(services), options_(options), calls_(services.home, services.stores, services.codec) {
  drain_timer_.owner = this;
  drain_timer_.fire = [](timer& t) { static_cast<drain_timer&>(t).owner->drain_some(); };
}

cell_lane::~cell_lane() = default;

void cell_lane::deliver(actor_view id, actor_type& type, std::uint64_t restore_revision,
                        invocation_ptr message) {
  if (draining_ && message->row && !message->row->reply) {
    return;  // it is in the store, and somebody else's work
  }
  if (draining_ && !message->is_internal) {
    message->fail(failure::shutting_down, "this kernel is draining");
    return;
  }
  cell* c = obtain(id, type);
  if (message->row) {
    if (c != nullptr) {
      touched(*c);
      take_hint(*c, std::move(message));
      if (c->phase == cell_phase::absent && !c->reload) {
        begin_activation(*c, restore_revision);
      } else {
        run_next(*c);
        pump(*c);
      }
    }
    return;  // what was not taken stays in the store
  }
  if (c == nullptr) {
    s_.stats.refused.add();
    message->fail(failure::resource_exhausted,
                  "limits.active_actors is reached and every actor is busy");
    return;
  }
  if (c->waiting >= c->def().policy.mailbox_max) {
    s_.stats.refused.add();
    message->fail(failure::resource_exhausted, "the mailbox of actor " + std::string(id.name) +
                                                   " holds " + std::to_string(c->waiting) +
                                                   " messages");
    return;
  }
  if (message->is_async) {
    message->answer(outcome::done({}));
  }
  touched(*c);
  message->where = c;
  message->arrived_ns = s_.home.now_ns();
  enqueue(*c, std::move(message));
  if (c->phase == cell_phase::absent && !c->reload) {
    begin_activation(*c, restore_revision);
  } else {
    run_next(*c);
  }
}

void cell_lane::enqueue(cell& c, invocation_ptr message) {
  invocation& waiting = *message.release();
  ++c.waiting;
  s_.stats.messages_waiting.add();
  c.mailbox.push_back(waiting);
  note_key(c, waiting);
  if (waiting.row) {
    return;  // a deadline bounds a caller's patience, not a committed row (rule 20)
  }
  waiting.expiry.owner = &waiting;
  waiting.expiry.fire = [](timer& t) {
    invocation& self = *static_cast<invocation::expiry_timer&>(t).owner;
    self.where->home->expire(self);
  };
  s_.home.timers().arm(waiting.expiry, waiting.deadline_ns);
}

void cell_lane::expire(invocation& waiting) {
  cell& c = *waiting.where;
  waiting.list_hook<mailbox_tag>::unlink();
  --c.waiting;
  s_.stats.messages_waiting.sub();
  s_.stats.expired.add();
  invocation_ptr owned(&waiting);
  const bool is_repeat =
      owned->keyed && (owned->keyed->in_save || (c.running && c.running->message &&
                                                 c.running->message->keyed == owned->keyed));
  if (is_repeat) {
    owned->fail(failure::call_in_progress,
                "the call with this idempotency-key has not come to its end yet");
  } else {
    owned->fail(failure::deadline_exceeded,
                "the message waited in the mailbox until its deadline; it was not executed");
  }
  maybe_forget(c);
}

void cell_lane::run_next(cell& c) {
  while (c.can_run()) {
    // An order joins no turn before it: what those were answered is a revision of its own.
    if (c.gathering && !c.mailbox.empty() && c.mailbox.front()->order) {
      return;
    }
    if (!c.mailbox.empty() && c.mailbox.front()->keyed && !knows_key(c, *c.mailbox.front())) {
      return;
    }
    invocation* next = c.mailbox.pop_front();
    if (next == nullptr) {
      return;
    }
    --c.waiting;
    s_.stats.messages_waiting.sub();
    invocation_ptr message(next);
    message->expiry.unlink();
    const std::uint64_t now = s_.home.now_ns();
    if (!message->row && message->deadline_ns <= now) {
      s_.stats.expired.add();
      message->fail(failure::deadline_exceeded,
                    "the deadline passed before the action could run; it was not executed");
      continue;
    }
    s_.stats.mailbox_time.observe_ns(now - message->arrived_ns);
    if (message->keyed && answer_repeat(c, message)) {
      continue;
    }
    run_message(c, std::move(message));
  }
}

void cell_lane::run_message(cell& c, invocation_ptr message) {
  if (message->order) {
    run_order(c, std::move(message));
    return;
  }
  const definition& def = c.def();
  if (take_reminder(c, message)) {
    return;
  }
  if (def.served_by != nullptr) {
    run_flow(c, std::move(message));
    return;
  }
  const bool is_default = is_default_action(message->action);
  if (message->read_state || (is_default && !def.own_defaults)) {
    finished_turn ended;
    ended.answer = c.state_any.empty() ? outcome::done({})
                                       : outcome::done(payload{presence::value, c.state_any});
    ended.message = std::move(message);
    ended.type = c.type;
    finish(c, std::move(ended), false, false);
    return;
  }
  if (!is_default && !def.knows(message->action)) {
    std::string text = action_unknown(*message);
    refuse(c, std::move(message), failure::action_not_found, std::move(text));
    return;
  }
  call_host(c, std::move(message), false);
}

// Not now, and not by running it again.
void cell_lane::refuse(cell& c, invocation_ptr message, failure why, std::string text) {
  c.type->failed.add();
  s_.stats.invocations_failed.add();
  if (message->row) {
    row_failed(c, std::move(message), why, text);
  } else {
    message->fail(why, std::move(text));
  }
}

std::string action_unknown(const invocation& message) {
  return "Action [" + std::string(message.action) + "] not found for Actor [" +
         std::string(message.target.name) + "]";
}

void cell_lane::call_host(cell& c, invocation_ptr message, bool is_init) {
  auto started = std::make_unique<turn>();
  started->of = &c;
  started->def = c.type->now;
  started->is_init = is_init;
  started->to = c.def().host;
  started->trace = message->trace;
  started->began_ns = s_.home.now_ns();
  started->deadline_ns = message->row
                             ? started->began_ns + row_limit_ms(options_, *message) * ns_per_ms
                             : message->deadline_ns;
  if (const auto limit = c.def().policy.timeout_ms; limit != 0) {
    started->deadline_ns = std::min(started->deadline_ns, started->began_ns + limit * ns_per_ms);
    started->limit_ms = limit;
  }
  if (const auto& guards = c.def().policy.guards) {
    started->guard = guards->of(message->action);
  }
  started->kind = is_init ? call_kind::init : message->row ? call_kind::row : call_kind::caller;
  started->read_batch = c.newest_batch();
  started->done = [](host_call& call) {
    auto& self = static_cast<turn&>(call);
    self.of->home->host_done(self);
  };
  wire::host_request call;
  call.self = c.id();
  call.action = message->action;
  call.argument = message->argument;
  call.has_caller = message->has_caller;
  call.caller = message->caller;
  call.state_any = c.state_any;
  call.tags = c.tags;
  call.metadata = message->metadata;
  std::string message_id, revision;
  if (!is_init) {  // the kernel's own, before any message
    message_id = message_id_of(*message, c.id(), s_.home, s_.keeper.incarnation());
    revision = revision_given(c);
  }
  call.message_id = message_id;
  call.revision = revision;
  started->body.reserve(256 + c.state_any.size() + c.tags.size() +
                        std::min(message->argument.any.size(), copied_argument_max));
  started->tail = wire::append_host_request(started->body, call, copied_argument_max);
  started->message = std::move(message);
  if (!is_init) {
    c.phase = cell_phase::busy;
  }
  c.running = std::move(started);
  s_.stats.host_calls.add();
  s_.hosts.send(*c.running);
}

// A row may be tried again where a caller is told of an error: when the host went away, or
// something before it had no room.
failure failure_of(const host_call& ended, const invocation* message) noexcept {
  const bool may_pass = ended.result == host_result::failed || ended.status == 429 ||
                        ended.status == 502 || ended.status == 503 || ended.status == 504;
  return message != nullptr && message->row && may_pass ? failure::unavailable
                                                        : failure::host_error;
}

bool may_have_run(const host_call& ended) noexcept {
  return ended.result == host_result::timed_out || ended.result == host_result::failed ||
         (ended.result == host_result::answered && ended.status > 500 && ended.status < 505);
}

void cell_lane::host_done(turn& finished) {
  cell& c = *finished.of;
  const std::unique_ptr<turn> ended = std::move(c.running);
  touched(c);
  s_.stats.host_time.observe_ns(s_.home.now_ns() - ended->began_ns);
  c.phase = cell_phase::ready;
  if (c.reload) {
    // It ran on a state that was never stored.
    c.reload = false;
    c.phase = cell_phase::absent;
    if (!ended->is_init && !ended->message->row) {
      turn_failed(c, *ended, failure::not_applied,
                  "the state this action ran on could not be stored");
    }
    fail_held(c, "the state of the calling actor could not be stored");
    if (has_work(c)) {
      begin_activation(c, 0);
    } else {
      pump(c);  // which gives up while this kernel drains
      maybe_forget(c);
    }
    return;
  }
  const std::string answer = std::move(ended->answer);
  if (ended->message->row && c.def().mode() != durability::commit && may_have_run(*ended)) {
    ended->message->row->may_have_run = true;
  }
  switch (ended->result) {
    case host_result::refused:
      if (is_held_back(*ended)) {
        turn_held_back(c, *ended);
        break;
      }
      turn_failed(c, *ended, failure::unavailable, ended->why + "; the action was not executed");
      break;
    case host_result::timed_out:
      turn_failed(c, *ended, failure::deadline_exceeded, ended->why);
      break;
    case host_result::failed:
      turn_failed(c, *ended, failure_of(*ended, ended->message.get()), ended->why);
      break;
    case host_result::answered:
      if (ended->status < 200 || ended->status > 299) {
        turn_failed(c, *ended, failure_of(*ended, ended->message.get()),
                    host_error_text(ended->status, answer));
      } else {
        turn_succeeded(c, *ended, answer);
      }
      break;
  }
  if (ended->is_init) {
    rearm(c);
  }
  if (c.gathering && !c.flying && c.phase == cell_phase::ready) {
    start_save(c);  // a restore, gathered before init ran
  }
  if (ended->is_init) {
    rearm(c);  // an activation ends here; nothing else has armed its timer yet
  }
  run_next(c);
  pump(c);
  if (draining_) {
    s_.home.timers().arm(c, s_.home.now_ns());
  } else if (c.recycle) {
    maybe_forget(c);
  }
}

// At most one line a second and lane: a host that is down fails every call.
void cell_lane::log_host_failure(const invocation& message, failure why, const std::string& text) {
  if (!host_log_.allows(s_.home.now_ns())) {
    return;
  }
  SPAWN_LOG(warn, "a host failed an action", {"actor", message.target.name},
            {"action", message.action}, {"code", facts(why).code}, {"why", text},
            {"trace_id", message.trace.trace_id_hex()},
            {"more_since_last_line", host_log_.take_held_back()});
}

void cell_lane::turn_failed(cell& c, turn& ended, failure why, std::string text) {
  s_.stats.host_failures.add();
  if (ended.is_init) {
    SPAWN_LOG(warn, "init failed; the actor stays up uninitialised", {"actor", c.id().name},
              {"why", text});
    return;
  }
  c.type->failed.add();
  s_.stats.invocations_failed.add();
  log_host_failure(*ended.message, why, text);
  if (ended.message->row) {
    row_failed(c, std::move(ended.message), why, text);
    return;
  }
  ended.message->fail(why, std::move(text));
}

void cell_lane::turn_succeeded(cell& c, turn& ended, std::string_view answer) {
  auto read = wire::read_host_response(answer);
  if (!read) {
    turn_failed(c, ended, failure::host_error, read.error().text);
    return;
  }
  finished_turn done;
  if (!ended.is_init && !read->parts.empty()) {
    auto sent = s_.workflows.run({c.id(), *ended.message, read->value, read->parts});
    if (!sent) {
      turn_failed(c, ended, failure::host_error, sent.error().text);
      return;
    }
    done.out = std::move(*sent);
  }
  bool changed = false;
  if (read->has_state && read->state_any != c.state_any) {
    c.state_any = read->state_any;
    changed = true;
  }
  const bool keeps_tags = c.def().policy.keep_tags && read->tags.empty();
  if (!keeps_tags && read->tags != c.tags) {
    c.tags = std::move(read->tags);
    changed = true;
  }
  if (!ended.is_init) {
    done.type = c.type;
    done.answer = outcome::done(payload(read->value));
    done.message = std::move(ended.message);
  }
  finish(c, std::move(done), changed, read->checkpoint);
}

void cell_lane::finish(cell& c, finished_turn ended, bool changed, bool durable_first) {
  ended.ended_ns = s_.home.now_ns();
  const durability mode = c.def().mode();
  const bool consumes = ended.message && ended.message->row;
  const bool sends = sends_rows(c, ended.out);
  const bool keyed = is_keyed(c, ended);
  if (consumes && (mode != durability::commit || !options_.rules.consume_in_group)) {
    consume_alone(c, ended);
  }
  if (mode == durability::none) {
    release(ended);
    return;
  }
  if (mode == durability::snapshot) {
    if (changed) {
      mark_dirty(c);
    }
    if (!durable_first || (!c.dirty && !c.flying)) {
      release(ended);
      return;
    }
  } else if (!changed && !consumes && !sends && !keyed && !c.flying && !c.gathering) {
    release(ended);
    return;
  }
  if (!options_.rules.hold_replies) {
    release(ended);
    ended = {};
  }
  // A turn that changed nothing waits for the newest state it saw (D21).
  const bool in_group = mode == durability::commit && (consumes || sends || keyed);
  save_batch* joined = changed || in_group || (durable_first && c.dirty)
                           ? &gather(c)
                           : (c.gathering ? c.gathering.get() : c.flying.get());
  if (joined == nullptr) {
    release(ended);
    return;
  }
  joined->writes = joined->writes || changed || sends || (durable_first && c.dirty);
  joined->removes = joined->removes || ended.ends_flow;
  if (in_group) {
    join_group(c, *joined, ended);
  }
  joined->bytes += ended.answer.value.any.size() + 64;
  if (ended.message) {
    note_deadline(*joined, ended);
    joined->turns.push_back(std::move(ended));
  }
  if (c.gathering && !c.flying) {
    start_save(c);
  }
}

}  // namespace spawn
