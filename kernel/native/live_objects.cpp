// Addresses and the objects they lead to: made, found, destroyed.
#include "native/live_lane.hpp"

namespace spawn {
namespace {

// An address without an object is a plugin's own business, up to here.
constexpr std::size_t spare_addresses = 1 << 20;
constexpr std::size_t room_entries = 256;  // looked at for one that is idle

}  // namespace

live_address* live_lane::address_of(actor_view id) {
  const std::string_view system = id.system.empty() ? std::string_view(types_.system) : id.system;
  for (const std::string_view part : {system, id.parent, id.name}) {
    if (part.size() > limits::name_bytes_max) {
      return nullptr;
    }
  }
  if (id.name.empty()) {
    return nullptr;
  }
  if (const live_type* type = types_.find(system, id.parent, id.name)) {
    return address_of(*type, id.name);
  }
  const actor_view whole{system, id.parent, id.name};
  const std::uint64_t hash = lane_hash(system, id.name);
  live_address* found = table_.find(
      hash, [&](const live_address& each) { return each.type == nullptr && each.id() == whole; });
  if (found != nullptr) {
    return found;
  }
  if (table_.size() >= options_.objects_max + spare_addresses) {
    return nullptr;
  }
  found = addresses_.take();
  found->hash = hash;
  found->type = nullptr;
  found->lane = lanes_.of(hash).index();
  found->set_id(whole);
  table_.insert(*found);
  return found;
}

live_address* live_lane::address_of(const live_type& type, std::string_view name) {
  return address_of(type, name, type.hash_of(name));
}

live_address* live_lane::address_of(const live_type& type, std::string_view name,
                                    std::uint64_t hash) {
  live_address* found = table_.find(
      hash, [&](const live_address& each) { return each.type == &type && each.name() == name; });
  if (found != nullptr) {
    return found;
  }
  if (table_.size() >= options_.objects_max + spare_addresses) [[unlikely]] {
    return nullptr;
  }
  found = addresses_.take();
  found->hash = hash;
  found->type = &type;
  found->lane = lanes_.of(hash).index();
  found->set_id({{}, {}, name});
  table_.insert(*found);
  return found;
}

void live_lane::forget(live_address& which) {
  table_.remove(which);
  which.forget_id();
  addresses_.give_back(&which);
}

spawn_status live_lane::make_object(live_address& of) {
  if (objects_ >= options_.objects_max && !make_room()) {
    stats_.refused.add();
    return SPAWN_E_EXHAUSTED;
  }
  live_address* const before = std::exchange(current_, &of);
  spawn_live_object* made = nullptr;
  const spawn_status status = plugin_.table->create(plugin_.handle, of.type->index, &of, &made);
  current_ = before;
  if (status != SPAWN_OK || made == nullptr) {
    return status == SPAWN_OK ? static_cast<spawn_status>(SPAWN_E_INTERNAL) : status;
  }
  of.object = made;
  of.leaving = false;
  ++of.life;
  ++objects_;
  stats_.live_objects.add();
  if (activated_ && (!of.type->def->timers.empty() || !of.type->def->channels.empty())) {
    activated_(of.id());
  }
  return SPAWN_OK;
}

// Inside a stretch. The address goes too when nobody holds it.
void live_lane::drop_object(live_address& of) {
  spawn_live_object* const gone = std::exchange(of.object, nullptr);
  of.leaving = false;
  ++of.life;  // what it asked is answered to nobody
  --objects_;
  stats_.live_objects.sub();
  hold(of);
  plugin_.table->destroy(plugin_.handle, gone);
  let_go(of);
}

// One that has been idle, though not for its whole time.
bool live_lane::make_room() {
  live_address* idle = nullptr;
  for (int rounds = 0; rounds < 2 && idle == nullptr; ++rounds) {
    if (!table_.for_some(&sweep_at_, room_entries, [&](live_address& each) {
          if (is_idle(each) && (idle == nullptr || time_ - each.used > time_ - idle->used)) {
            idle = &each;
          }
        })) {
      sweep_at_ = 0;
    }
  }
  if (idle == nullptr) {
    return false;
  }
  drop_object(*idle);
  return true;
}

}  // namespace spawn
