// What leaves an actor, and when: nothing before the state that it rests on is durable
// (durability.md 4, 6).
#include <algorithm>

#include "cell/actor_pool.hpp"

namespace spawn {

void cell_lane::release(finished_turn& ended) {
  release_turn(s_, options_, ended);
}

outcome hop_limit_reached(const cell_options& options) {
  return outcome::failed(failure::hop_limit, "the chain of pipes and forwards has more than " +
                                                 std::to_string(options.hops_max) + " hops");
}

void release_turn(cell_services& services, const cell_options& options, finished_turn& ended) {
  if (!ended.message) {
    return;
  }
  for (auto& send : ended.out.sends) {
    if (send->row && send->row->due_ms != 0) {
      services.out->stored_for_later(*send->row);
    } else {
      services.out->route(std::move(send));
    }
  }
  for (auto& order : ended.out.broadcasts) {
    services.stats.broadcasts.add();
    services.out->broadcast(std::move(order));
  }
  const reply_ref place = ended.message->row ? ended.message->row->reply : reply_ref{};
  if (ended.out.route) {
    invocation_ptr next = std::move(ended.out.route);
    if (!next->row && next->reply == nullptr) {
      next->reply =
          place ? services.out->slot_for(place) : std::exchange(ended.message->reply, nullptr);
    }
    if (!next->row && next->hops > options.hops_max) {
      next->answer(hop_limit_reached(options));
    } else {
      services.out->route(std::move(next));
    }
  } else if (place && !ended.answered_later) {
    services.out->answer(place, ended.answer);
  }
  for (auto& [caller, with] : ended.answers) {
    services.out->answer(caller, std::move(with));
  }
  for (auto& key : ended.superseded) {
    services.out->drop_row(ended.type->now->policy.store, std::move(key));
  }
  if (!ended.given_up) {
    services.stats.invocations_ok.add();
    ended.type->ok.add();
  }
  ended.message->answer(std::move(ended.answer));
  ended.message.reset();
}

bool cell_lane::settle_caller(invocation_ptr& message, actor_view caller) {
  message->caller_settled = true;
  cell* c = table_.find(caller);
  if (c == nullptr || !options_.rules.hold_nested || c->def().mode() != durability::commit) {
    return true;
  }
  // A turn that has just ended may have sent it too: then it waits for all there is.
  const std::uint64_t read = c->running ? c->running->read_batch : c->newest_batch();
  if (c->reload && read != 0) {
    message->fail(failure::not_applied, "the state of the calling actor could not be stored");
    return false;
  }
  const bool undurable =
      (c->flying && c->flying->number <= read) || (c->gathering && c->gathering->number <= read);
  if (read == 0 || !undurable) {
    return true;
  }
  if (!c->held) {
    c->held = std::make_unique<std::vector<held_call>>();
  }
  message->where = c;
  message->expiry.owner = message.get();
  message->expiry.fire = [](timer& t) {
    invocation& self = *static_cast<invocation::expiry_timer&>(t).owner;
    cell& caller_cell = *self.where;
    const auto at = std::find_if(caller_cell.held->begin(), caller_cell.held->end(),
                                 [&](const held_call& h) { return h.message.get() == &self; });
    const invocation_ptr owned = std::move(at->message);
    caller_cell.held->erase(at);
    owned->fail(failure::deadline_exceeded,
                "the calling actor's state was not stored by the deadline; the action was not "
                "executed");
  };
  s_.home.timers().arm(message->expiry, message->deadline_ns);
  c->held->push_back({std::move(message), read});
  return false;
}

}  // namespace spawn
