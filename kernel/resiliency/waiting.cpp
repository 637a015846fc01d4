// Calls that wait for a token or for a place, and what lets them go on.
#include <algorithm>

#include "resiliency/attempt.hpp"

namespace spawn {

void guarded_link::admit(attempt& a) {
  if (a.guard == nullptr || a.kind == call_kind::init) {
    launch(a);
    return;
  }
  call_guard& guard = *a.guard;
  auto& queue = guard.queues[lane_.index()];
  if (!guard.rate) {
    take_slot(a);
    return;
  }
  // A stored message waits behind those that came before it; a caller is told at once.
  const bool behind_others = a.kind == call_kind::row && !queue.for_token.empty();
  const std::uint64_t now = lane_.now_ns();
  const std::uint64_t wait = behind_others ? 0 : guard.rate->take(now);
  if (!behind_others && wait == 0) {
    take_slot(a);
    return;
  }
  if (a.kind == call_kind::row && wait_in(a, queue.for_token)) {
    a.where = attempt::station::for_token;
    if (wait != 0) {
      queue.next_token.owner = this;
      queue.next_token.guard = &guard;
      queue.next_token.fire = [](timer& t) {
        auto& due = static_cast<call_guard::queue::token_timer&>(t);
        due.owner->serve_tokens(*due.guard);
      };
      lane_.timers().arm(queue.next_token, now + wait);
    }
    return;
  }
  stats_.held_by_rate.add();
  hold(a, held_back::rate, std::max(wait, ns_per_ms), guard.rules.where + ".rate_limit is reached");
}

void guarded_link::take_slot(attempt& a) {
  call_guard& guard = *a.guard;
  if (!guard.slots) {
    stop_waiting(a);
    launch(a);
    return;
  }
  auto& line = guard.queues[lane_.index()].for_slot;
  if (line.empty() && guard.slots->try_take()) {
    stop_waiting(a);
    a.has_slot = true;
    launch(a);
    return;
  }
  if (!wait_in(a, line)) {
    stats_.held_by_concurrency.add();
    hold(a, held_back::concurrency, 0,
         guard.rules.where + ".concurrency is reached and " + guard.rules.where + ".queue is full");
    return;
  }
  a.where = attempt::station::for_slot;
  guard.slots->set_waiting(lane_.index(), true);
  serve_slots(guard);  // a place that was given back before this lane said so told nobody
}

// False: the queue is full.
bool guarded_link::wait_in(attempt& a, intrusive_list<host_call, host_call_tag>& line) {
  call_guard& guard = *a.guard;
  if (!a.in_queue) {
    if (!guard.enter_queue()) {
      return false;
    }
    a.in_queue = true;
    stats_.waiting.add();
    lane_.timers().arm(a, a.ends_ns);
  }
  auto& queue = guard.queues[lane_.index()];
  if (!queue.known) {
    queue.known = true;
    waited_at_.push_back(&guard);
  }
  line.push_back(a);
  return true;
}

void guarded_link::stop_waiting(attempt& a) {
  if (!a.in_queue) {
    return;
  }
  a.in_queue = false;
  stats_.waiting.sub();
  a.guard->leave_queue();
  static_cast<list_hook<host_call_tag>&>(a).unlink();
  static_cast<timer&>(a).unlink();
  if (a.guard->slots && a.guard->queues[lane_.index()].for_slot.empty()) {
    a.guard->slots->set_waiting(lane_.index(), false);
  }
}

void guarded_link::serve_tokens(call_guard& guard) {
  auto& queue = guard.queues[lane_.index()];
  while (host_call* next = queue.for_token.front()) {
    const std::uint64_t now = lane_.now_ns();
    const std::uint64_t wait = guard.rate->take(now);
    if (wait != 0) {
      lane_.timers().arm(queue.next_token, now + wait);
      return;
    }
    static_cast<list_hook<host_call_tag>&>(*next).unlink();
    take_slot(static_cast<attempt&>(*next));
  }
}

void guarded_link::serve_slots(call_guard& guard) {
  if (!guard.slots) {
    return;
  }
  auto& line = guard.queues[lane_.index()].for_slot;
  while (host_call* next = line.front()) {
    if (!guard.slots->try_take()) {
      return;  // whoever gives the next one back tells a lane that waits
    }
    auto& a = static_cast<attempt&>(*next);
    stop_waiting(a);
    a.has_slot = true;
    launch(a);
  }
  tell(guard.slots->who_waits());
}

void guarded_link::free_slot(attempt& a) {
  if (a.has_slot) {
    a.has_slot = false;
    tell(a.guard->slots->give_back());
  }
}

void guarded_link::tell(std::optional<std::uint32_t> lane) {
  if (lane) {
    links_[*lane]->poke();
  }
}

}  // namespace spawn
