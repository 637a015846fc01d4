#include "resiliency/guarded_link.hpp"

#include <algorithm>

#include "base/log.hpp"
#include "resiliency/attempt.hpp"

namespace spawn {
namespace {

constexpr std::size_t known_hosts_max = 4'096;
// A caller's own, shorter patience says nothing about the host.
constexpr std::uint64_t telling_timeout_ns = ns_per_s;

bool is_unavailable(int status) noexcept {
  return status == 429 || status == 502 || status == 503 || status == 504;
}

// The class of a try that ended, 0 for one that is not tried again whatever the rules say.
std::uint8_t class_of(const host_call& ended) noexcept {
  switch (ended.result) {
    case host_result::refused:
      return retry_refused;
    case host_result::failed:
      return retry_closed;
    case host_result::timed_out:
      return retry_timeout;
    case host_result::answered:
      return is_unavailable(ended.status)                 ? retry_unavailable
             : ended.status >= 500 && ended.status <= 599 ? retry_error
                                                          : 0;
  }
  return 0;
}

call_verdict verdict_of(const host_call& ended, bool was_given_time) noexcept {
  switch (ended.result) {
    case host_result::refused:
      return ended.held == held_back::no ? call_verdict::bad : call_verdict::neither;
    case host_result::failed:
      return call_verdict::bad;
    case host_result::timed_out:
      return was_given_time ? call_verdict::bad : call_verdict::neither;
    case host_result::answered:
      return ended.status == 502 || ended.status == 503 || ended.status == 504 ? call_verdict::bad
                                                                               : call_verdict::good;
  }
  return call_verdict::neither;
}

std::string text_of(const host_call& ended) {
  return ended.result == host_result::answered ? "HTTP " + std::to_string(ended.status) : ended.why;
}

}  // namespace

guarded_link::guarded_link(lane& home, host_link& behind, host_breakers& breakers)
    : lane_(home), behind_(behind), breakers_(breakers) {
  end_task_.owner = this;
  end_task_.run = [](task& t) {
    guarded_link& self = *static_cast<wake_task&>(t).owner;
    self.end_task_queued_ = false;
    intrusive_list<host_call, host_call_tag> ended;
    ended.splice_back(self.ended_);
    while (host_call* each = ended.pop_front()) {
      self.end(static_cast<attempt&>(*each));
    }
  };
  poke_task_.owner = this;
  poke_task_.run = [](task& t) {
    guarded_link& self = *static_cast<wake_task&>(t).owner;
    self.poked_.store(false, std::memory_order_seq_cst);
    for (call_guard* each : self.waited_at_) {
      self.serve_slots(*each);
    }
  };
}

guarded_link::~guarded_link() {
  while (attempt* each = all_.pop_front()) {
    delete each;
  }
}

void guarded_link::poke() noexcept {
  if (!poked_.exchange(true, std::memory_order_seq_cst)) {
    lane_.post(poke_task_);
  }
}

host_breaker* guarded_link::breaker_of(const std::shared_ptr<const host_address>& host) {
  if (!breakers_.any()) {
    return nullptr;
  }
  if (const auto found = known_.find(host.get()); found != known_.end()) {
    return found->second.second;
  }
  if (known_.size() >= known_hosts_max) {
    known_.clear();  // each registration brings a new object
  }
  host_breaker* made = breakers_.of(*host);
  known_.emplace(host.get(), std::pair(host, made));
  return made;
}

void guarded_link::send(host_call& call) {
  host_breaker* at = breaker_of(call.to);
  if (call.guard == nullptr && at == nullptr) {
    behind_.send(call);
    return;
  }
  auto* made = new attempt;
  made->owner = this;
  made->asked = &call;
  made->at = at;
  made->to = call.to;
  made->body = std::move(call.body);
  made->tail = call.tail;
  made->trace = call.trace;
  made->guard = call.guard;
  made->kind = call.kind;
  made->limit_ms = call.limit_ms;
  const std::uint64_t now = lane_.now_ns();
  made->patience_ns = call.deadline_ns > now ? call.deadline_ns - now : 0;
  made->ends_ns = call.deadline_ns;
  made->done = [](host_call& c) {
    auto& self = static_cast<attempt&>(c);
    self.owner->answered(self);
  };
  made->fire = [](timer& t) {
    auto& self = static_cast<attempt&>(t);
    self.owner->timer_fired(self);
  };
  all_.push_back(*made);
  admit(*made);
}

void guarded_link::launch(attempt& a) {
  const std::uint64_t now = lane_.now_ns();
  if (a.tries == 0 && a.kind == call_kind::row) {
    a.ends_ns = now + a.patience_ns;  // what it waited here was not the action's time
  }
  a.is_counted = false;
  if (a.at != nullptr) {
    const breaker::admission may = a.at->state.admit(now);
    if (may.changed) {
      log_change(*a.at, *may.changed, "it has been open long enough");
    }
    if (!may.passes && a.tries > 0) {
      end_later(a);  // as its last try ended
      return;
    }
    if (!may.passes && a.kind != call_kind::init) {
      stats_.held_by_breaker.add();
      hold(a, held_back::breaker, may.wait_ns,
           "the circuit breaker of host " + a.to->address + ":" + std::to_string(a.to->port) +
               " is " + text(a.at->state.state()));
      return;
    }
    a.is_counted = may.passes;
    a.era = may.era;
  }
  a.deadline_ns = a.ends_ns;
  if (a.guard != nullptr && a.guard->rules.timeout_ms != 0) {
    a.deadline_ns = std::min(a.ends_ns, now + a.guard->rules.timeout_ms * ns_per_ms);
  }
  if (a.tries > 0) {
    stats_.retries.add();
  }
  ++a.tries;
  a.held = held_back::no;
  a.status = 0;
  a.answer.clear();
  a.why.clear();
  a.sent_ns = now;
  a.where = attempt::station::out;
  behind_.send(a);
}

void guarded_link::answered(attempt& a) {
  const std::uint64_t now = lane_.now_ns();
  const bool by_policy = a.deadline_ns < a.ends_ns;
  if (a.is_counted) {
    const std::uint64_t operators_ns =
        a.limit_ms == 0 ? telling_timeout_ns : a.limit_ms * ns_per_ms;
    const bool given_time =
        by_policy || now - a.sent_ns >= std::min(operators_ns, telling_timeout_ns);
    if (const auto to = a.at->state.ended(a.era, verdict_of(a, given_time), now)) {
      log_change(*a.at, *to, text_of(a));
    }
  }
  a.may_have_run = a.may_have_run || a.result != host_result::refused;
  if (!tries_again(a)) {
    end(a);
  }
}

bool guarded_link::tries_again(attempt& a) {
  if (a.guard == nullptr || a.kind == call_kind::row) {
    return false;
  }
  const retry_policy& rules = a.guard->rules.retry;
  if (a.tries >= rules.attempts || (rules.on & class_of(a)) == 0) {
    return false;
  }
  const std::uint64_t doubled = rules.backoff_first_ms << std::min<std::uint32_t>(a.tries - 1, 20);
  const std::uint64_t base = std::min(doubled, rules.backoff_max_ms);
  const std::uint64_t wait_ms = base / 2 + lane_.rng().below(base / 2 + 1);
  const std::uint64_t due = lane_.now_ns() + wait_ms * ns_per_ms;
  if (due >= a.ends_ns) {
    return false;
  }
  a.where = attempt::station::backing_off;
  lane_.timers().arm(a, due);
  return true;
}

void guarded_link::timer_fired(attempt& a) {
  switch (a.where) {
    case attempt::station::for_token:
      stop_waiting(a);
      stats_.held_by_rate.add();
      hold(a, held_back::rate, 0, "no token of " + a.guard->rules.where + ".rate_limit in time");
      return;
    case attempt::station::for_slot:
      stop_waiting(a);
      stats_.held_by_concurrency.add();
      hold(a, held_back::concurrency, 0,
           "no place of " + a.guard->rules.where + ".concurrency became free in time");
      return;
    case attempt::station::backing_off:
      if (a.guard->rate && a.kind != call_kind::init && a.guard->rate->take(lane_.now_ns()) != 0) {
        end(a);  // as its last try ended: it has had its share
        return;
      }
      launch(a);
      return;
    case attempt::station::none:
    case attempt::station::out:
    case attempt::station::ended:
      return;
  }
}

void guarded_link::log_change(const host_breaker& of, breaker_state to, const std::string& why) {
  const std::string host = of.address + ":" + std::to_string(of.port);
  if (to == breaker_state::closed) {
    SPAWN_LOG(info, "the circuit breaker of a host closed", {"host", host});
  } else {
    SPAWN_LOG(warn, "the circuit breaker of a host changed", {"host", host}, {"state", text(to)},
              {"opened", of.state.opened()}, {"why", why});
  }
}

void guarded_link::hold(attempt& a, held_back by, std::uint64_t wait_ns, std::string why) {
  a.result = host_result::refused;
  a.held = by;
  a.retry_after_ms = static_cast<std::uint32_t>(
      std::min<std::uint64_t>((wait_ns + ns_per_ms - 1) / ns_per_ms, UINT32_MAX));
  a.why = std::move(why);
  end_later(a);
}

// `done` never runs inside send().
void guarded_link::end_later(attempt& a) {
  free_slot(a);
  a.where = attempt::station::ended;
  ended_.push_back(a);
  if (!end_task_queued_) {
    end_task_queued_ = true;
    lane_.defer(end_task_);
  }
}

void guarded_link::end(attempt& a) {
  free_slot(a);
  host_call& asked = *a.asked;
  // "Refused" promises that nothing ran, and this is said of all tries.
  const bool is_false = a.result == host_result::refused && a.may_have_run;
  asked.result = is_false ? host_result::failed : a.result;
  asked.held = is_false ? held_back::no : a.held;
  asked.retry_after_ms = a.retry_after_ms;
  asked.status = a.status;
  asked.answer = std::move(a.answer);
  asked.why = std::move(a.why);
  if (a.tries > 1 && !asked.why.empty()) {
    asked.why += " (" + std::to_string(a.tries) + " tries)";
  }
  delete &a;
  asked.done(asked);
}

}  // namespace spawn
