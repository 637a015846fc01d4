#include "native/live_lane.hpp"

#include "base/log.hpp"

namespace spawn {
namespace {

constexpr std::uint64_t stretch_ns = 300'000;  // then the lane's other work
constexpr std::uint32_t burst_mails = 64;      // of one actor, then the next has its go
constexpr std::uint32_t look_mails = 64;       // between two looks at the clock
constexpr std::uint64_t sweep_ms = 500;
constexpr std::size_t sweep_entries = 4'096;

}  // namespace

live_lane::live_lane(const parts& with)
    : home_(with.home),
      lanes_(with.lanes),
      port_(with.port),
      types_(with.types),
      stats_(with.stats),
      options_(with.options),
      budget_(with.budget),
      host_(live_host_of(*this)),
      mails_(with.budget) {
  run = [](task& t) {
    auto& self = static_cast<live_lane&>(t);
    self.is_scheduled_ = false;
    self.run_some();
  };
  sweep_timer_.owner = this;
  across_.owner = this;
  across_.run = [](turn_end& t) { static_cast<across&>(t).owner->send_lines(); };
  sweep_timer_.fire = [](timer& t) { static_cast<sweep_timer&>(t).owner->sweep(); };
}

live_lane::~live_lane() {
  table_.for_each([this](live_address& each) {
    while (live_mail* mail = each.first) {
      each.first = mail->next;
      mails_.give_back(mail);
    }
  });
}

void live_lane::connect(std::span<live_lane* const> all, outbound& out) {
  for (live_lane* each : all) {
    lines_.push_back(std::make_unique<live_line>(*this, *each, budget_));
  }
  out_ = &out;
}

// --- running -------------------------------------------------------------------------------------

// From outside of a stretch: later in this turn of the lane.
void live_lane::schedule() {
  if (!is_scheduled_ && !is_running_) {
    is_scheduled_ = true;
    home_.defer(*this);
  }
}

void live_lane::run_some() {
  if (is_closed_ || !open()) {
    fail_all(is_closed_ ? "the plugin of this actor has stopped"
                        : "the plugin of this actor is not in service");
    return;
  }
  home_.enter("live actors");
  time_ = static_cast<std::uint32_t>(home_.now_ns() / ns_per_ms);
  const std::uint64_t until = home_.time().now_ns() + stretch_ns;
  is_running_ = true;
  const bool returned = call_live(port_, home_, "receive", [&] { run_mails(until); });
  is_running_ = false;
  stats_.live_messages.add(std::exchange(ran_, 0));
  if (!returned) {
    live_address* of = std::exchange(current_, nullptr);
    if (live_mail* mail = std::exchange(running_, nullptr)) {
      fail_mail(mail, SPAWN_E_INTERNAL, "the actor threw an exception");
    }
    if (of != nullptr) {
      of->leaving = false;  // nothing of it is called any more
      ran(*of);
    }
  }
  if (ready_first_ != nullptr) {
    is_scheduled_ = true;
    home_.post(*this);  // in the next turn
  }
}

void live_lane::run_mails(std::uint64_t until_ns) {
  std::uint32_t seen = 0;
  while (live_address* of = ready_first_) {
    ready_first_ = of->next_ready;
    if (ready_first_ == nullptr) {
      ready_last_ = nullptr;
    }
    of->used = time_;
    std::uint32_t left = burst_mails;
    do {
      live_mail* mail = of->first;
      of->first = mail->next;
      --of->waiting;
      run_one(*of, mail);
      ++seen;
    } while (of->first != nullptr && --left != 0);
    ran(*of);
    if (seen >= look_mails) {
      ran_ += seen;
      seen = 0;
      if (across_.is_linked()) {
        send_lines();
      }
      if (home_.time().now_ns() >= until_ns) {
        return;
      }
    }
  }
  ran_ += seen;
}

void live_lane::run_one(live_address& of, live_mail* mail) {
  if (of.object == nullptr) [[unlikely]] {
    if (mail->kind >= SPAWN_LIVE_ANSWER) {
      fail_mail(mail, SPAWN_E_NOT_FOUND, {});  // its asker's object is gone
      return;
    }
    if (const spawn_status made = make_object(of); made != SPAWN_OK) {
      fail_mail(mail, made, "the actor could not be made");
      return;
    }
  }
  current_ = &of;
  running_ = mail;
  const spawn_live_message message{.payload = mail->payload(),
                                   .token = mail->token,
                                   .from = mail->from,
                                   .action = mail->action,
                                   .kind = mail->kind,
                                   .status = mail->status};
  plugin_.table->receive(plugin_.handle, of.object, &message);
  running_ = nullptr;
  current_ = nullptr;
  if (mail->from != nullptr) {
    let_go(*mail->from);
  }
  mails_.give_back(mail);
}

// What becomes of an actor after some of its mails.
void live_lane::ran(live_address& of) {
  if (of.first != nullptr) {
    of.next_ready = nullptr;
    (ready_last_ == nullptr ? ready_first_ : ready_last_->next_ready) = &of;
    ready_last_ = &of;
    return;
  }
  of.ready = false;
  if (of.leaving) {
    drop_object(of);
  } else if (of.is_unused()) {
    forget(of);
  }
}

// Nobody runs any more: whoever waits is told.
void live_lane::fail_all(std::string_view why) {
  while (live_address* of = ready_first_) {
    ready_first_ = of->next_ready;
    while (live_mail* mail = of->first) {
      of->first = mail->next;
      --of->waiting;
      fail_mail(mail, SPAWN_E_UNAVAILABLE, why);
    }
    of->ready = false;
    if (of->is_unused()) {
      forget(*of);
    }
  }
  ready_last_ = nullptr;
}

// --- the two ends --------------------------------------------------------------------------------

bool live_lane::open() {
  if (!port_.accepts()) {
    return false;
  }
  if (plugin_.handle != nullptr) {
    return true;
  }
  auto opened = port_.open_live(home_, host_);
  if (!opened) {
    if (dropped_log_.allows(home_.now_ns())) {
      SPAWN_LOG(error, "live actors can not run", {"why", opened.error().text});
    }
    return false;
  }
  plugin_ = *opened;
  home_.arm_after_ms(sweep_timer_, sweep_ms);
  return true;
}

void live_lane::close() {
  is_closed_ = true;
  timer_wheel::cancel(sweep_timer_);
  fail_all("the plugin of this actor has stopped");
  const spawn_payload text = text_payload("the plugin of this actor has stopped");
  for (std::size_t i = 0; live_ask* each = asks_.at(i); ++i) {
    if (each->by != live_ask::whose::nobody) {
      static_cast<void>(answer(each->name(), SPAWN_E_SHUTDOWN, text));
    }
  }
  fail_all("the plugin of this actor has stopped");
  if (plugin_.handle == nullptr) {
    return;
  }
  static_cast<void>(call_live(port_, home_, "destroy", [this] {
    table_.for_each([this](live_address& each) {
      if (each.object != nullptr) {
        drop_object(each);
      }
    });
  }));
  plugin_ = {};
  port_.close_live(home_);
}

// Some of the objects that have been idle for long enough, each time.
void live_lane::sweep() {
  home_.arm_after_ms(sweep_timer_, sweep_ms);
  if (!open()) {
    return;
  }
  time_ = static_cast<std::uint32_t>(home_.now_ns() / ns_per_ms);
  static_cast<void>(call_live(port_, home_, "destroy", [this] {
    const bool more = table_.for_some(&sweep_at_, sweep_entries, [this](live_address& each) {
      if (is_idle(each) && time_ - each.used >= each.type->def->deactivate_ms) {
        drop_object(each);
      }
    });
    if (!more) {
      sweep_at_ = 0;
    }
  }));
}

}  // namespace spawn
