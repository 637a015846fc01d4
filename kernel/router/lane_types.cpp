// What a lane knows of actor types and bindings, and the two ends of its service.
#include <algorithm>

#include "base/log.hpp"
#include "router/lane_router.hpp"

namespace spawn {
namespace {

void warn_of_reminders(const definition& def) {
  if (def.policy.reminders &&
      (def.mode() != durability::commit || def.kind == actor_kind::pooled)) {
    SPAWN_LOG(warn,
              "the reminders of an actor type have no effect: only actors that keep their state in "
              "durability mode commit have any",
              {"type", def.type}, {"key", "actors." + def.type + ".reminders"});
  }
}

}  // namespace

actor_type* lane_router::find_type(std::string_view system, std::string_view type) {
  const auto found = types_.find(identity_key({system, {}, type}).view());
  if (found != types_.end() && is_registered(*found->second)) {
    return found->second.get();
  }
  if (virtuals_ == nullptr || !virtuals_->contains(type) || !serves(system)) {
    return nullptr;
  }
  ensure_virtual(system, type);
  return types_.at(identity_key({system, {}, type}).text()).get();
}

void lane_router::ensure_virtual(std::string_view system, std::string_view type) {
  if (virtuals_ == nullptr || type.empty()) {
    return;
  }
  const auto known = virtuals_->find(type);
  if (known == virtuals_->end()) {
    return;
  }
  auto& slot = types_[identity_key({system, {}, type}).text()];
  if (!slot) {
    auto def = std::make_shared<definition>(known->second);
    def->system = system;
    slot = std::make_unique<actor_type>();
    slot->now = std::move(def);
  }
}

void lane_router::install(definition_ptr def) {
  systems_.insert(def->system);
  serve_system(def->system);
  auto& slot = types_[identity_key({def->system, {}, def->type}).text()];
  if (!slot) {
    slot = std::make_unique<actor_type>();
  }
  if (is_registered(*slot) && slot->now->generation > def->generation) {
    return;
  }
  slot->forgotten = false;
  const definition_ptr before = std::exchange(slot->now, def);
  timers_.replace(*slot);
  durable_topics_.install(*def);
  if (lane_.index() == 0) {
    warn_of_reminders(*def);
  }
  const bool listens = !def->channels.empty() || (before && !before->channels.empty());
  const actor_view own{def->system, {}, def->type};
  const bool ours = &owner_of(def->system, def->type) == this;
  if (listens && ours && def->is_instance()) {
    channels_.subscribe(own, *slot);
  }
  if (listens) {
    bindings_.for_each([&](const binding& b) {
      if (b.system == def->system && b.parent == def->type) {
        channels_.subscribe({b.system, b.parent, b.name}, *slot);
      }
    });
  }
  if (serving_ && ours && def->is_eager()) {
    if (timers_enabled_) {
      timers_.ensure(own, *slot);
    }
    cells_.activate(own, *slot, 0);
  }
}

void lane_router::uninstall(std::string_view system, std::string_view type) {
  actor_type* known = find_type(system, type);
  if (known == nullptr) {
    return;
  }
  channels_.unsubscribe({system, {}, type});
  bindings_.for_each([&](const binding& b) {
    if (b.system == system && b.parent == type) {
      channels_.unsubscribe({b.system, b.parent, b.name});
    }
  });
  auto gone = std::make_shared<definition>(*known->now);
  gone->timers.clear();
  gone->channels.clear();
  known->now = gone;
  known->forgotten = true;
  durable_topics_.install(*gone);
  timers_.replace(*known);
  const bool has_others = std::any_of(types_.begin(), types_.end(), [&](const auto& each) {
    const actor_type& other = *each.second;
    return is_registered(other) && other.now->system == system && other.now->served_by == nullptr;
  });
  if (!has_others) {
    system_service_.leave(system);
    if (const auto at = systems_.find(system); at != systems_.end()) {
      systems_.erase(at);
    }
  }
}

// Other systems may call its actors once this kernel is in service.
void lane_router::serve_system(std::string_view system) {
  if (serving_ && !draining_ && &owner_of(system, {}) == this) {
    system_service_.serve(system);
  }
}

void lane_router::bind(std::string_view system, std::string_view name, std::string_view parent,
                       std::uint64_t restore_revision, bindings::done_fn done) {
  bindings_.bind(
      system, name, parent, restore_revision,
      [this, restoring = restore_revision != 0, id = actor_id(actor_view{system, parent, name}),
       then = std::move(done)](result<void> bound) mutable {
        if (bound && restoring) {
          cells_.recycle(id.view());
        }
        if (bound) {
          if (actor_type* type = find_type(id.system, id.parent);
              type != nullptr && !type->now->channels.empty()) {
            channels_.subscribe(id.view(), *type);
          }
        }
        then(std::move(bound));
      });
}

void lane_router::live_activated(actor_view id) {
  actor_type* type = find_type(id.system, id.parent.empty() ? id.name : id.parent);
  if (type == nullptr) {
    return;
  }
  if (timers_enabled_) {
    timers_.ensure(id, *type);
  }
  if (!type->now->channels.empty()) {
    channels_.subscribe(id, *type);
  }
}

void lane_router::recover(binding from) {
  bindings_.recover(std::move(from));
}

void lane_router::restored(actor_view id) {
  bindings_.restored(id.system, id.name);
}

void lane_router::begin_service() {
  serving_ = true;
  begin_rows();
  hear_channels();
  for (const auto& system : systems_) {
    serve_system(system);
  }
  for (auto& [key, type] : types_) {
    if (is_registered(*type)) {
      install(definition_ptr(type->now));
    }
  }
}

void lane_router::drain(unique_function<void()> drained) {
  timers_.stop();
  draining_ = true;
  listeners_.close();
  end_rows();
  cells_.drain(std::move(drained));
}

}  // namespace spawn
