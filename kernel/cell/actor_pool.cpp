#include "cell/actor_pool.hpp"

#include <algorithm>

#include "cell/call_identity.hpp"
#include "cell/row_end.hpp"
#include "hostcall/host_error_text.hpp"
#include "model/reserved_metadata.hpp"
#include "resiliency/call_guard.hpp"
#include "wire/host_call.hpp"

namespace spawn {

struct actor_pool::call : host_call {
  actor_pool* pool = nullptr;
  invocation_ptr message;
  definition_ptr def;
  std::uint64_t began_ns = 0;
};

actor_pool::~actor_pool() {
  while (invocation* message = waiting_.pop_front()) {
    delete message;
  }
}

void actor_pool::deliver(invocation_ptr message) {
  const definition& def = *type_.now;
  if (message->row && message->row->kind == row_kind::reminder) {
    return;  // of the time before it was a pool: it waits for the type to be what it was
  }
  if (message->find_metadata(metadata_reminder_name) != nullptr) {
    fail_call(std::move(message), failure::invalid_argument,
              "metadata reminder-name: only actors in durability mode commit have reminders, and "
              "this one is a pool");
    return;
  }
  if (message->row && waiting_count_ < def.policy.mailbox_max &&
      !taken_.insert(message->row->key).second) {
    return;
  }
  if (message->read_state || !def.knows(message->action)) {
    if (message->read_state || (is_default_action(message->action) && !def.own_defaults)) {
      outcome state = outcome::done(
          def.initial_any.empty() ? payload{} : payload{presence::value, def.initial_any});
      if (message->row) {
        consume(*message->row, state, end_of(*message, state, false));
      }
      message->answer(std::move(state));
      return;
    }
    std::string text = action_unknown(*message);
    fail_call(std::move(message), failure::action_not_found, std::move(text));
    return;
  }
  message->arrived_ns = s_.home.now_ns();
  const bool has_place = running_ < def.pool_max;
  if (!has_place && waiting_count_ >= def.policy.mailbox_max) {
    if (message->row) {
      return;  // it stays in the store
    }
    s_.stats.refused.add();
    message->fail(failure::resource_exhausted,
                  "the pool of actor " + std::string(message->target.name) + " is full");
    return;
  }
  if (message->is_async) {
    message->answer(outcome::done({}));  // taken: from here on it is the pool's
  }
  if (has_place) {
    start(std::move(message));
    return;
  }
  invocation& held = *message.release();
  ++waiting_count_;
  waiting_.push_back(held);
  held.station = this;
  if (held.row) {
    return;  // it has no deadline to be answered by
  }
  held.expiry.owner = &held;
  held.expiry.fire = [](timer& t) {
    invocation& self = *static_cast<invocation::expiry_timer&>(t).owner;
    static_cast<actor_pool*>(self.station)->expire(self);
  };
  s_.home.timers().arm(held.expiry, held.deadline_ns);
}

void actor_pool::expire(invocation& held) {
  held.list_hook<mailbox_tag>::unlink();
  --waiting_count_;
  s_.stats.expired.add();
  const invocation_ptr owned(&held);
  owned->fail(failure::deadline_exceeded,
              "no place in the pool became free in time; the action was not executed");
}

void actor_pool::start(invocation_ptr message) {
  ++running_;
  auto* made = new call;
  made->pool = this;
  made->def = type_.now;
  made->to = made->def->host;
  made->trace = message->trace;
  made->began_ns = s_.home.now_ns();
  made->deadline_ns = message->row ? made->began_ns + row_limit_ms(options_, *message) * ns_per_ms
                                   : message->deadline_ns;
  const type_policy& rules = made->def->policy;
  if (rules.timeout_ms != 0) {
    made->deadline_ns = std::min(made->deadline_ns, made->began_ns + rules.timeout_ms * ns_per_ms);
    made->limit_ms = rules.timeout_ms;
  }
  made->guard = rules.guards ? rules.guards->of(message->action) : nullptr;
  made->kind = message->row ? call_kind::row : call_kind::caller;
  made->done = [](host_call& c) {
    auto& self = static_cast<call&>(c);
    self.pool->ended(self);
  };
  wire::host_request request;
  request.self = message->target;
  request.action = message->action;
  request.argument = message->argument;
  request.has_caller = message->has_caller;
  request.caller = message->caller;
  request.state_any = made->def->initial_any;
  request.tags = made->def->initial_tags;
  request.metadata = message->metadata;
  const std::string message_id =
      message_id_of(*message, message->target, s_.home, s_.keeper.incarnation());
  request.message_id = message_id;
  made->tail = wire::append_host_request(made->body, request, copied_argument_max);
  made->message = std::move(message);
  s_.stats.host_calls.add();
  s_.hosts.send(*made);
}

void actor_pool::ended(call& finished) {
  const std::unique_ptr<call> owned(&finished);
  s_.stats.host_time.observe_ns(s_.home.now_ns() - finished.began_ns);
  const bool good =
      finished.result == host_result::answered && finished.status >= 200 && finished.status <= 299;
  if (good) {
    succeeded(finished);
  } else if (is_held_back(finished)) {
    kept_back(finished);
  } else {
    s_.stats.host_failures.add();
    if (finished.message->row && may_have_run(finished)) {
      finished.message->row->may_have_run = true;
    }
    const failure why = finished.result == host_result::refused ? failure::unavailable
                        : finished.result == host_result::timed_out
                            ? failure::deadline_exceeded
                            : failure_of(finished, finished.message.get());
    fail_call(std::move(finished.message), why,
              finished.result == host_result::answered
                  ? host_error_text(finished.status, finished.answer)
                  : finished.why);
  }
  --running_;
  while (running_ < type_.now->pool_max) {
    invocation* next = waiting_.pop_front();
    if (next == nullptr) {
      return;
    }
    --waiting_count_;
    next->expiry.unlink();
    start(invocation_ptr(next));
  }
}

void actor_pool::succeeded(call& finished) {
  auto read = wire::read_host_response(finished.answer);
  finished_turn done;
  if (read && !read->parts.empty()) {
    auto sent =
        s_.workflows.run({finished.message->target, *finished.message, read->value, read->parts});
    if (sent) {
      done.out = std::move(*sent);
    } else {
      read = fail(std::move(sent.error()));
    }
  }
  if (!read) {
    fail_call(std::move(finished.message), failure::host_error, read.error().text);
    return;
  }
  done.type = &type_;
  done.answer = outcome::done(payload(read->value));
  if (finished.message->row && finished.message->row->awaited && done.out.route) {
    auto kept = std::make_unique<invocation>();
    auto end = end_of(*finished.message, done.answer, true);
    kept->row = std::make_unique<message_row>(*finished.message->row);
    done.out.route->reply =
        slot_for_row(s_.home, std::move(kept),
                     [this, end = std::move(end)](invocation_ptr of, outcome how) mutable {
                       consume(*of->row, in_doubt(std::move(how)), std::move(end));
                     });
  } else if (finished.message->row) {
    consume(*finished.message->row, done.answer,
            end_of(*finished.message, done.answer, done.out.route != nullptr));
  }
  done.message = std::move(finished.message);
  release_turn(s_, options_, done);
}

void actor_pool::fail_call(invocation_ptr message, failure why, std::string text) {
  type_.failed.add();
  if (message->row) {
    fail_row(std::move(message), why, text);
  } else {
    message->fail(why, std::move(text));
  }
}

void actor_pool::kept_back(call& finished) {
  if (!finished.message->row) {
    type_.failed.add();
    s_.stats.refused.add();
    s_.stats.invocations_failed.add();
    finished.message->answer(held_back_answer(finished));
    return;
  }
  // It was not tried: it stays in the store as it is, and counts as taken until it comes again.
  if (delayed_.size() < type_.now->policy.mailbox_max) {
    deliver_later(std::move(finished.message), held_row_wait_ms(finished, s_.home.rng()), true);
  } else {
    taken_.erase(finished.message->row->key);  // the next scan brings it
  }
}

// The end of a chain for the row of its call. One that goes on from here goes on in memory: nobody
// reports how it ends.
invocation_ptr actor_pool::end_of(const invocation& message, const outcome& answer, bool goes_on) {
  const message_row& row = *message.row;
  if (!row.call) {
    return nullptr;
  }
  return make_call_end(
      message, s_.writers.next(), s_.home.unix_ms(),
      goes_on ? unkept_call(row.call->digest) : ended_call(row.call->digest, answer));
}

void actor_pool::consume(const message_row& row, const outcome& how, invocation_ptr end) {
  auto kept = std::make_unique<message_row>(row);
  const message_row& at = *kept;
  conclude_row(s_, at, how, std::move(end),
               [this, owned = std::move(kept)](row_outcome, const std::string&) {
                 taken_.erase(owned->key);
               });
}

void actor_pool::fail_row(invocation_ptr message, failure why, const std::string& text) {
  message_row& row = *message->row;
  ++row.attempts;
  row.last_error = std::string(facts(why).code) + ": " + text;
  cut_error(row);
  invocation& held = *message;
  if (row.is_kept() || (is_retried(why) && row.attempts < options_.rows.attempts_max)) {
    const std::uint64_t wait = row_backoff_ms(options_.rows, row.attempts, s_.home.rng());
    row.next_try_ms = s_.home.unix_ms() + static_cast<std::int64_t>(wait);
    s_.stats.row_retries.add();
    s_.keeper.put_off(held, [this, wait, owned = std::move(message)](row_outcome how,
                                                                     const std::string&) mutable {
      taken_.erase(owned->row->key);
      if (how == row_outcome::done && delayed_.size() < type_.now->policy.mailbox_max) {
        deliver_later(std::move(owned), wait, false);
      }
    });
    return;
  }
  give_up_row(s_, held, why, text,
              [this, key = row.key, owned = std::move(message)](row_outcome, const std::string&) {
                taken_.erase(key);
              });
}

void actor_pool::deliver_later(invocation_ptr message, std::uint64_t after_ms, bool is_taken) {
  auto& made = *delayed_.emplace_back(std::make_unique<delayed>());
  made.pool = this;
  made.message = std::move(message);
  made.is_taken = is_taken;
  made.fire = [](timer& t) {
    auto& due = static_cast<delayed&>(t);
    actor_pool& self = *due.pool;
    invocation_ptr ready = std::move(due.message);
    if (due.is_taken) {
      self.taken_.erase(ready->row->key);
    }
    std::erase_if(self.delayed_, [&](const auto& each) { return each.get() == &due; });
    self.deliver(std::move(ready));
  };
  s_.home.arm_after_ms(made, after_ms);
}

}  // namespace spawn
