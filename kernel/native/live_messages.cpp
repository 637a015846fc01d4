// Tell, ask and answer.
#include <algorithm>

#include "base/log.hpp"
#include "native/live_lane.hpp"

namespace spawn {

void live_lane::put(live_address& to, live_mail* mail) {
  (to.first == nullptr ? to.first : to.last->next) = mail;
  to.last = mail;
  ++to.waiting;
  if (!to.ready) {
    to.ready = true;
    to.next_ready = nullptr;
    (ready_last_ == nullptr ? ready_first_ : ready_last_->next_ready) = &to;
    ready_last_ = &to;
    schedule();
  }
}

// Into a mailbox of this lane; with an `ask` it is a question.
spawn_status live_lane::deliver(live_address& to, std::uint32_t action, live_ask* ask,
                                live_address* from, const spawn_payload& payload) {
  if (to.waiting >= to.type->mailbox_max) [[unlikely]] {
    stats_.refused.add();
    return SPAWN_E_EXHAUSTED;
  }
  live_mail* mail = mails_.take(payload, false);
  if (mail == nullptr) [[unlikely]] {
    stats_.refused.add();
    return SPAWN_E_EXHAUSTED;
  }
  mail->token = 0;
  mail->from = from;
  mail->action = action;
  mail->kind = SPAWN_LIVE_TELL;
  mail->status = SPAWN_OK;
  if (ask != nullptr) {
    mail->token = ask->name();
    mail->kind = SPAWN_LIVE_ASK;
    ask->asked = &to;
    ++to.owes;
    hold(to);
  }
  if (from != nullptr) {
    hold(*from);
  }
  put(to, mail);
  return SPAWN_OK;
}

spawn_status live_lane::tell(live_address& to, std::uint32_t action, const spawn_payload& payload) {
  if (to.type == nullptr || action >= to.type->actions || is_closed_) [[unlikely]] {
    return SPAWN_E_INVALID;
  }
  if (to.lane != home_.index()) {
    return send_across(to, action, 0, 0, payload);
  }
  return deliver(to, action, nullptr, current_, payload);
}

spawn_status live_lane::ask(live_address& to, std::uint32_t action, const spawn_payload& payload,
                            std::uint64_t token, std::uint32_t timeout_ms) {
  if (to.type == nullptr || action >= to.type->actions || current_ == nullptr || is_closed_)
      [[unlikely]] {
    return SPAWN_E_INVALID;
  }
  live_ask& ask = open_ask_of_actor(token, timeout_ms);
  const spawn_status sent = to.lane == home_.index() ? deliver(to, action, &ask, current_, payload)
                                                     : send_across(to, action, ask.name(),
                                                                   ask.due_ms * ns_per_ms, payload);
  if (sent != SPAWN_OK) [[unlikely]] {
    close_ask(ask);
  }
  return sent;
}

// --- questions -----------------------------------------------------------------------------------

live_ask& live_lane::open_ask(live_ask::whose by, std::uint64_t deadline_ns) {
  live_ask& ask = *asks_.take([this](live_ask& made, std::size_t i) {
    made.index = static_cast<std::uint32_t>(i);
    made.generation = 1;
    made.owner = this;
    made.fire = [](timer& t) {
      auto& late = static_cast<live_ask&>(t);
      static_cast<void>(late.owner->answer(late.name(), SPAWN_E_DEADLINE,
                                           text_payload("no answer came by the deadline")));
    };
  });
  ask.by = by;
  home_.timers().arm(ask, deadline_ns);
  return ask;
}

live_ask& live_lane::open_ask_of_actor(std::uint64_t token, std::uint32_t timeout_ms) {
  const std::uint64_t ms = std::min<std::uint64_t>(
      timeout_ms == 0 ? options_.request_ms : timeout_ms, options_.request_ms_max);
  live_ask& ask = open_ask(live_ask::whose::actor, home_.now_ns() + ms * ns_per_ms);
  ask.token = token;
  ask.asker = current_;
  ask.life = current_->life;
  ++current_->asked;
  hold(*current_);
  return ask;
}

void live_lane::close_ask(live_ask& ask) {
  timer_wheel::cancel(ask);
  if (live_address* asker = std::exchange(ask.asker, nullptr)) {
    --asker->asked;
    let_go(*asker);
  }
  if (live_address* asked = std::exchange(ask.asked, nullptr)) {
    --asked->owes;
    let_go(*asked);
  }
  ask.by = live_ask::whose::nobody;
  ask.outside = nullptr;
  ask.there = nullptr;
  if (++ask.generation == 0) {
    ask.generation = 1;
  }
  asks_.give_back(&ask);
}

live_ask* live_lane::find_ask(std::uint64_t name) const noexcept {
  live_ask* const ask = asks_.at(static_cast<std::uint32_t>(name));
  return ask != nullptr && ask->by != live_ask::whose::nobody && ask->name() == name ? ask
                                                                                     : nullptr;
}

// False: it is not open any more.
bool live_lane::answer(std::uint64_t name, spawn_status status, const spawn_payload& payload) {
  live_ask* const ask = find_ask(name);
  if (ask == nullptr) {
    return false;
  }
  switch (ask->by) {
    case live_ask::whose::actor:
      if (ask->life == ask->asker->life && ask->asker->object != nullptr) {
        live_mail* mail = mails_.take(payload, true);
        mail->token = ask->token;
        mail->from = nullptr;
        mail->action = 0;
        mail->kind = status == SPAWN_OK ? SPAWN_LIVE_ANSWER : SPAWN_LIVE_FAILED;
        mail->status = static_cast<std::uint16_t>(status);
        put(*ask->asker, mail);
      }
      break;
    case live_ask::whose::lane:
      send_answer(*ask->there, ask->token, status, payload);
      break;
    case live_ask::whose::outside:
      ask->outside->ended(status, payload);
      break;
    case live_ask::whose::nobody:
      break;
  }
  close_ask(*ask);
  return true;
}

// It will not be received: who asked is told, who told is not.
void live_lane::fail_mail(live_mail* mail, spawn_status status, std::string_view why) {
  live_address* const from = mail->from;
  if (mail->kind == SPAWN_LIVE_ASK) {
    static_cast<void>(answer(mail->token, status, text_payload(why)));
  } else if (mail->kind == SPAWN_LIVE_TELL) {
    stats_.live_dropped.add();
    if (dropped_log_.allows(home_.now_ns())) {
      SPAWN_LOG(warn, "messages to live actors are dropped", {"why", why},
                {"more_since_last_line", dropped_log_.take_held_back()});
    }
  }
  mails_.give_back(mail);
  if (from != nullptr) {
    let_go(*from);
  }
}

}  // namespace spawn
