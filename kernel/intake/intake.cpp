#include "intake/intake.hpp"

#include <algorithm>

#include "base/log.hpp"
#include "intake/intake_work.hpp"
#include "intake/verdict.hpp"
#include "model/failure_codes.hpp"

namespace spawn {

intake::intake(activator_port& port, lane_router& router, byte_budget& budget, route_table routes,
               const intake_options& options)
    : port_(port),
      router_(router),
      lane_(router.home()),
      budget_(budget),
      routes_(std::move(routes)),
      options_(options),
      cursors_(std::string(port.name()), router, [this] { check_drained(); }) {
  flush_.owner = this;
  flush_.run = [](turn_end& hook) { static_cast<flush_hook&>(hook).owner->flush(); };
  extend_.owner = this;
  extend_.fire = [](timer& t) { static_cast<own_timer&>(t).owner->extend_all(); };
  reopen_.owner = this;
  reopen_.fire = [](timer& t) {
    intake& self = *static_cast<own_timer&>(t).owner;
    if (self.now() == mode::open) {
      self.set_window(self.window());
    }
  };
  port_.listen(this);
}

intake::~intake() {
  port_.listen(nullptr);
  while (work* left = all_.pop_front()) {
    delete left;
  }
}

// --- from the plugin

std::uint32_t intake::offer(std::span<const spawn_delivery* const> messages) noexcept {
  std::uint32_t n = 0;
  for (const spawn_delivery* each : messages) {
    // What was taken before a pause keeps its place; a window that shrank refuses what is new.
    if (taken_.fetch_add(1, std::memory_order_acq_rel) >= window()) {
      taken_.fetch_sub(1, std::memory_order_acq_rel);
      break;
    }
    auto* taken = new work(*each, *this);
    taken->prepare(routes_, options_.body_max);
    taken->run = [](task& t) {
      auto& mine = static_cast<work&>(t);
      mine.owner.arrived(mine);
    };
    lane_.post(*taken);
    ++n;
  }
  return n;
}

void intake::lag(std::string_view source, std::uint64_t messages,
                 std::uint64_t oldest_ms) noexcept {
  const std::lock_guard hold(mutex_);
  const auto known = lags_.find(source);
  if (known != lags_.end()) {
    known->second = {messages, oldest_ms};
  } else if (lags_.size() < lag_sources_max) {
    lags_.emplace(source, source_lag{messages, oldest_ms});
  }
}

std::map<std::string, source_lag, std::less<>> intake::lags() const {
  const std::lock_guard hold(mutex_);
  return lags_;
}

errc intake::set_cursor(std::string_view source, std::string_view bytes) noexcept {
  return cursors_.set(source, bytes);
}

std::optional<std::string> intake::cursor(std::string_view source) noexcept {
  return cursors_.get(source);
}

// --- life

void intake::recover(unique_function<void(result<void>)> done) {
  cursors_.recover(std::move(done));
}

void intake::open() {
  mode_ = mode::open;
  drained_ = nullptr;
  set_window(options_.window);
  if ((port_.capabilities() & SPAWN_AC_CAP_EXTEND) != 0) {
    extend_all();
  }
}

void intake::pause() {
  mode_ = mode::paused;
  set_window(0);
}

void intake::drain(unique_function<void()> drained) {
  mode_ = mode::draining;
  drained_ = std::move(drained);
  set_window(0);
  std::vector<work*> idle;
  all_.for_each([&](work& each) {
    if (each.is == work::stage::behind || each.is == work::stage::waiting) {
      idle.push_back(&each);
    }
  });
  for (work* each : idle) {
    release(*each);
  }
  check_drained();
}

void intake::check_drained() {
  if (now() == mode::draining && all_.empty() && settled_.empty() && cursors_.is_quiet()) {
    mode_ = mode::drained;
    if (drained_) {
      auto told = std::move(drained_);
      told();
    }
  }
}

// --- the way of a message

void intake::arrived(work& taken) {
  lane_.enter("intake");
  all_.push_back(taken);
  counts_.offered.add();
  counts_.in_flight.add();
  taken.arrived_ns = lane_.now_ns();
  if (taken.raw.settle_by_ns > taken.arrived_ns) {
    taken.hold_ns = taken.raw.settle_by_ns - taken.arrived_ns;
  }
  if (now() != mode::open && now() != mode::paused) {
    release(taken);
    return;
  }
  if (!taken.unroutable.empty()) {
    bury(taken, std::move(taken.unroutable));
    return;
  }
  enqueue(taken);
}

void intake::enqueue(work& taken) {
  using order = intake_options::order;
  if (options_.keeps != order::none) {
    const bool by_key = options_.keeps == order::key && !taken.to.order_key.empty();
    taken.line = by_key ? "k" + taken.to.order_key
                        : "a" + taken.to.system + '\0' + taken.to.actor + '\0' + taken.to.parent;
    auto& line = lines_[taken.line];
    line.push_back(&taken);
    if (line.size() > 1) {
      return;  // behind another
    }
  }
  call(taken);
}

void intake::call(work& of) {
  of.is = work::stage::calling;
  auto message = of.make_invocation(port_.name());
  const std::uint64_t bytes = message->storage.size() + sizeof(invocation);
  if (!budget_.try_take(bytes)) {
    message.reset();
    ended(of, outcome::failed(failure::resource_exhausted, "limits.inflight_bytes is reached"));
    return;
  }
  message->budget = &budget_;
  message->charged_bytes = bytes;
  const std::uint64_t now_ns = lane_.now_ns();
  message->deadline_ns = now_ns + options_.request_ms * ns_per_ms;
  if (of.wants_reply() && of.raw.deadline_ns != 0) {
    message->deadline_ns =
        std::min(of.raw.deadline_ns, now_ns + options_.request_ms_max * ns_per_ms);
  }
  of.slot.home = &lane_;
  of.slot.arrived = [](reply_slot& slot) {
    work& mine = *static_cast<work::call_slot&>(slot).owner;
    mine.owner.ended(mine, std::move(slot.result));
  };
  message->reply = &of.slot;
  router_.route(std::move(message));
}

void intake::ended(work& of, outcome with) {
  lane_.enter("intake");
  const verdict how = verdict_of(with.why);
  if (of.wants_reply()) {
    spawn_settle told{};
    told.verdict = SPAWN_ACK;
    told.status = static_cast<spawn_status>(status_of(with.why));
    std::string text = with.message();
    finish(of, told, std::move(text), std::move(with));
    return;
  }
  if (how == verdict::done) {
    note_success();
    spawn_settle told{};
    told.verdict = SPAWN_ACK;
    finish(of, told, {});
    return;
  }
  if (with.why == failure::resource_exhausted) {
    note_pressure();
  }
  if (now() == mode::draining) {
    release(of);
    return;
  }
  std::uint32_t tries = ++of.waits;
  if (how == verdict::again) {
    tries = ++of.tries;
    const std::uint32_t before = of.raw.attempt > 0 ? of.raw.attempt - 1 : 0;
    if (before + of.tries >= options_.attempts) {
      bury(of, with.message());
      return;
    }
  }
  const bool gave_up_waiting = how == verdict::await && lane_.now_ns() - of.arrived_ns >=
                                                            options_.unknown_actor_ms * ns_per_ms;
  if (how == verdict::dead || gave_up_waiting) {
    bury(of, with.message());
    return;
  }
  retry(of, back_off(tries), with);
}

std::uint64_t intake::back_off(std::uint32_t tries) {
  const std::uint64_t doubled = options_.retry_first_ms << std::min<std::uint32_t>(tries - 1, 24);
  const std::uint64_t step = std::min(doubled, options_.retry_max_ms);
  return step / 2 + lane_.rng().below(step / 2 + 1);
}

void intake::retry(work& of, std::uint64_t after_ms, const outcome& why) {
  of.is = work::stage::waiting;
  counts_.retried.add();
  if (retries_.allows(lane_.now_ns())) {
    SPAWN_LOG(warn, "a message is tried again", {"activator", port_.name()}, {"source", of.source},
              {"actor", of.to.actor}, {"action", of.to.action}, {"tries", of.tries},
              {"after_ms", after_ms}, {"why", why.message()},
              {"more_since_last_line", retries_.take_held_back()});
  }
  of.again.fire = [](timer& t) {
    work& mine = *static_cast<work::again_timer&>(t).owner;
    mine.owner.call(mine);
  };
  lane_.arm_after_ms(of.again, after_ms);
}

}  // namespace spawn
