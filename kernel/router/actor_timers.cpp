#include "router/actor_timers.hpp"

#include "router/channels.hpp"

namespace spawn {

struct actor_timers::entry : timer {
  actor_timers* owner = nullptr;
  actor_entry* of = nullptr;
  std::uint64_t period_ns = 0;
  std::uint64_t next_ns = 0;
  std::string action;
  std::weak_ptr<void> running;
};

struct actor_timers::actor_entry {
  actor_id id;
  actor_type* type = nullptr;
  definition_ptr armed_for;
  std::vector<std::unique_ptr<entry>> entries;
};

actor_timers::actor_timers(lane& home, fire_fn fire) : lane_(home), fire_(std::move(fire)) {}
actor_timers::~actor_timers() = default;

void actor_timers::arm(actor_view id, actor_type& type) {
  auto& slot = by_actor_[identity_key(id).text()];
  if (slot && slot->armed_for == type.now) {
    return;
  }
  if (!slot) {
    slot = std::make_unique<actor_entry>();
    slot->id = actor_id(id);
    slot->type = &type;
  }
  start(*slot);
}

void actor_timers::start(actor_entry& of) {
  of.entries.clear();
  of.armed_for = of.type->now;
  if (stopped_) {
    return;
  }
  for (const auto& binding : of.armed_for->timers) {
    auto made = std::make_unique<entry>();
    made->owner = this;
    made->of = &of;
    made->period_ns = binding.period_ms * ns_per_ms;
    made->next_ns = lane_.now_ns() + made->period_ns;
    made->action = binding.action;
    made->fire = [](timer& t) {
      auto& self = static_cast<entry&>(t);
      self.owner->fired(self);
    };
    lane_.timers().arm(*made, made->next_ns);
    of.entries.push_back(std::move(made));
  }
}

void actor_timers::fired(entry& which) {
  const std::uint64_t now = lane_.now_ns();
  // The grid stays; what was missed is skipped.
  const std::uint64_t missed = now >= which.next_ns ? (now - which.next_ns) / which.period_ns : 0;
  which.next_ns += (missed + 1) * which.period_ns;
  lane_.timers().arm(which, which.next_ns);
  if (!which.running.expired()) {
    return;
  }
  auto ticket = std::make_shared<char>();
  which.running = ticket;
  fire_(which.of->id.view(), *which.of->type, which.action, std::move(ticket));
}

void actor_timers::replace(actor_type& type) {
  for (auto& [key, of] : by_actor_) {
    if (of->type == &type && of->armed_for != type.now) {
      start(*of);
    }
  }
}

void actor_timers::drop(actor_view id) {
  by_actor_.erase(identity_key(id).text());
}

void actor_timers::stop() {
  stopped_ = true;
  by_actor_.clear();
}

}  // namespace spawn
