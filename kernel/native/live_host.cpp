// The functions that a plugin calls while one of its live actors runs.
#include "native/live_lane.hpp"

namespace spawn {
namespace {

// No payload is longer; a mail could not hold it.
bool fits(const spawn_payload& payload) noexcept {
  return payload.type_url.len <= limits::host_reply_bytes_max &&
         payload.value.len <= limits::host_reply_bytes_max;
}

live_address& address_in(spawn_live_ref* ref) noexcept {
  return *static_cast<live_address*>(ref);
}

}  // namespace

struct live_host_calls {
  static live_lane& lane_of(void* data) noexcept { return *static_cast<live_lane*>(data); }

  static spawn_live_ref* ref(void* data, const spawn_actor_ref* to) {
    live_lane& lane = lane_of(data);
    live_address* found =
        lane.address_of({view_of(to->system), view_of(to->parent), view_of(to->name)});
    if (found != nullptr) {
      lane.hold(*found);
    }
    return found;
  }
  static spawn_live_ref* self(void* data) { return lane_of(data).current_; }
  static void retain(void* data, spawn_live_ref* ref) {
    if (ref != nullptr) {
      lane_of(data).hold(address_in(ref));
    }
  }
  static void release(void* data, spawn_live_ref* ref) {
    if (ref != nullptr) {
      lane_of(data).let_go(address_in(ref));
    }
  }
  static void name(void*, const spawn_live_ref* ref, spawn_actor_ref* out) {
    const actor_view id = static_cast<const live_address*>(ref)->id();
    *out = {slice_of(id.system), slice_of(id.parent), slice_of(id.name)};
  }
  static spawn_status tell(void* data, spawn_live_ref* to, std::uint32_t action,
                           const spawn_payload* payload) {
    if (to == nullptr) [[unlikely]] {
      return SPAWN_E_INVALID;
    }
    return fits(*payload) ? lane_of(data).tell(address_in(to), action, *payload)
                          : static_cast<spawn_status>(SPAWN_E_TOO_LARGE);
  }
  static spawn_status ask(void* data, spawn_live_ref* to, std::uint32_t action,
                          const spawn_payload* payload, std::uint64_t token,
                          std::uint32_t timeout_ms) {
    if (to == nullptr) [[unlikely]] {
      return SPAWN_E_INVALID;
    }
    return fits(*payload) ? lane_of(data).ask(address_in(to), action, *payload, token, timeout_ms)
                          : static_cast<spawn_status>(SPAWN_E_TOO_LARGE);
  }
  static spawn_status reply(void* data, std::uint64_t token, spawn_status status,
                            const spawn_payload* payload) {
    if (!fits(*payload)) {
      return SPAWN_E_TOO_LARGE;
    }
    const bool is_known = status >= SPAWN_OK && status <= SPAWN_E_ABORTED;
    return lane_of(data).answer(token, is_known ? status : SPAWN_E_INTERNAL, *payload)
               ? static_cast<spawn_status>(SPAWN_OK)
               : static_cast<spawn_status>(SPAWN_E_NOT_FOUND);
  }
  static spawn_status send(void* data, spawn_live_ref* to, spawn_slice action,
                           const spawn_payload* payload) {
    if (to == nullptr) {
      return SPAWN_E_INVALID;
    }
    return fits(*payload)
               ? lane_of(data).send_out(address_in(to), view_of(action), *payload, nullptr)
               : static_cast<spawn_status>(SPAWN_E_TOO_LARGE);
  }
  static spawn_status call(void* data, spawn_live_ref* to, spawn_slice action,
                           const spawn_payload* payload, std::uint64_t token,
                           std::uint32_t timeout_ms) {
    live_lane& lane = lane_of(data);
    if (to == nullptr || lane.current_ == nullptr || lane.is_closed_) {
      return SPAWN_E_INVALID;
    }
    if (!fits(*payload)) {
      return SPAWN_E_TOO_LARGE;
    }
    live_ask& ask = lane.open_ask_of_actor(token, timeout_ms);
    const spawn_status sent = lane.send_out(address_in(to), view_of(action), *payload, &ask);
    if (sent != SPAWN_OK) {
      lane.close_ask(ask);
    }
    return sent;
  }
  static void leave(void* data) {
    if (live_address* of = lane_of(data).current_) {
      of->leaving = true;
    }
  }
};

spawn_live_host live_host_of(live_lane& lane) noexcept {
  using calls = live_host_calls;
  return {.struct_size = sizeof(spawn_live_host),
          .reserved = 0,
          .data = &lane,
          .ref = calls::ref,
          .self = calls::self,
          .retain = calls::retain,
          .release = calls::release,
          .name = calls::name,
          .tell = calls::tell,
          .ask = calls::ask,
          .reply = calls::reply,
          .send = calls::send,
          .call = calls::call,
          .leave = calls::leave};
}

}  // namespace spawn
