// live_actors.hpp - live actors in C++ over live_actors.h. Compiled into the plugin.
//
//   class counter final : public live_actor {
//    public:
//     static actor_shape shape() { return {.name = "Counter", .actions = {"Add", "Show"}}; }
//     explicit counter(live_context& ctx);
//     void receive(live_context& ctx, const live_message& m) override;   // one at a time
//   };
//   class shop {
//    public:
//     using live_types = live_list<counter, till>;
//     explicit shop(const create_args& args);
//   };
//   SPAWN_PLUGIN(shop, SPAWN_PLUGIN_MANIFEST_JSON, live_only_glue<shop>, live_actors_glue<shop>)
//
// An actor's constructor may also take the plugin's object, shop&, which all lanes share, or, where
// the plugin has a type of this name, shop::lane&, of which each lane has its own. Everything runs
// on the lane of the actor.
#pragma once
#include <cstdint>
#include <cstring>
#include <exception>
#include <memory>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "spawn/plugin/cpp/plugin.hpp"
#include "spawn/plugin/cpp/registration.hpp"
#include "spawn/plugin/live_actors.h"

namespace spawn::plugin {

// A payload as actors of one plugin pass it among themselves: the bytes of a value, or nothing.
template <class T>
  requires std::is_trivially_copyable_v<T>
[[nodiscard]] spawn_payload payload_of(const T& value) noexcept {
  return {SPAWN_P_VALUE, 0, {}, {&value, sizeof value}};
}
[[nodiscard]] inline spawn_payload no_payload() noexcept {
  return {};
}
[[nodiscard]] inline spawn_payload payload_of_any(std::string_view type_url,
                                                  std::string_view value) noexcept {
  return {SPAWN_P_VALUE, 0, slice(type_url), slice(value)};
}
[[nodiscard]] inline spawn_payload payload_of_text(std::string_view text) noexcept {
  return {SPAWN_P_VALUE, 0, {}, slice(text)};
}

// A message in the hands of its receiver.
class live_message {
 public:
  explicit live_message(const spawn_live_message& raw) noexcept : raw_(raw) {}
  [[nodiscard]] std::uint32_t action() const noexcept { return raw_.action; }
  [[nodiscard]] bool is_tell() const noexcept { return raw_.kind == SPAWN_LIVE_TELL; }
  [[nodiscard]] bool is_ask() const noexcept { return raw_.kind == SPAWN_LIVE_ASK; }
  [[nodiscard]] bool is_answer() const noexcept { return raw_.kind == SPAWN_LIVE_ANSWER; }
  [[nodiscard]] bool is_failure() const noexcept { return raw_.kind == SPAWN_LIVE_FAILED; }
  // An ask's is good for reply(), an answer's is what ask() was given.
  [[nodiscard]] std::uint64_t token() const noexcept { return raw_.token; }
  [[nodiscard]] spawn_status status() const noexcept { return raw_.status; }
  [[nodiscard]] spawn_live_ref* from() const noexcept { return raw_.from; }
  [[nodiscard]] const spawn_payload& payload() const noexcept { return raw_.payload; }
  [[nodiscard]] std::string_view type_url() const noexcept { return text(raw_.payload.type_url); }
  [[nodiscard]] std::string_view value() const noexcept { return text(raw_.payload.value); }
  // What payload_of(T) made. False when it has another size.
  template <class T>
    requires std::is_trivially_copyable_v<T>
  [[nodiscard]] bool read(T& out) const noexcept {
    if (raw_.payload.value.len != sizeof out) {
      return false;
    }
    std::memcpy(&out, raw_.payload.value.ptr, sizeof out);
    return true;
  }

 private:
  const spawn_live_message& raw_;
};

// What a running actor can do. Good inside receive() and the constructor, and on that lane only.
class live_context {
 public:
  explicit live_context(const spawn_live_host& host) noexcept : host_(&host) {}

  [[nodiscard]] spawn_live_ref* self() const noexcept { return host_->self(host_->data); }
  // The kernel's own functions: see live_actors.h for what they answer.
  spawn_status tell(spawn_live_ref* to, std::uint32_t action,
                    const spawn_payload& payload) const noexcept {
    return host_->tell(host_->data, to, action, &payload);
  }
  spawn_status ask(spawn_live_ref* to, std::uint32_t action, const spawn_payload& payload,
                   std::uint64_t token, std::uint32_t timeout_ms = 0) const noexcept {
    return host_->ask(host_->data, to, action, &payload, token, timeout_ms);
  }
  spawn_status reply(const live_message& to, const spawn_payload& payload) const noexcept {
    return host_->reply(host_->data, to.token(), SPAWN_OK, &payload);
  }
  spawn_status reply(std::uint64_t token, const spawn_payload& payload) const noexcept {
    return host_->reply(host_->data, token, SPAWN_OK, &payload);
  }
  spawn_status refuse(std::uint64_t token, spawn_status why, std::string_view text) const noexcept {
    const spawn_payload said = payload_of_text(text);
    return host_->reply(host_->data, token, why, &said);
  }
  spawn_status send(spawn_live_ref* to, std::string_view action,
                    const spawn_payload& payload) const noexcept {
    return host_->send(host_->data, to, slice(action), &payload);
  }
  spawn_status call(spawn_live_ref* to, std::string_view action, const spawn_payload& payload,
                    std::uint64_t token, std::uint32_t timeout_ms = 0) const noexcept {
    return host_->call(host_->data, to, slice(action), &payload, token, timeout_ms);
  }
  void leave() const noexcept { host_->leave(host_->data); }
  [[nodiscard]] spawn_actor_ref name_of(const spawn_live_ref* ref) const noexcept {
    spawn_actor_ref out;
    host_->name(host_->data, ref, &out);
    return out;
  }
  [[nodiscard]] const spawn_live_host& raw() const noexcept { return *host_; }

 private:
  const spawn_live_host* host_;
};

// An address that is held. Moves; stays on its lane.
class live_ref {
 public:
  live_ref() noexcept = default;
  // Of an actor of this type; a named type has no name of its own. Empty when there can be none.
  live_ref(const live_context& ctx, std::string_view type, std::string_view name)
      : live_ref(ctx, spawn_actor_ref{{}, slice(type), slice(name)}) {}
  live_ref(const live_context& ctx, std::string_view named)
      : live_ref(ctx, spawn_actor_ref{{}, {}, slice(named)}) {}
  live_ref(const live_context& ctx, const spawn_actor_ref& to)
      : host_(&ctx.raw()), ref_(host_->ref(host_->data, &to)) {}
  // Keeps the address of a sender.
  live_ref(const live_context& ctx, spawn_live_ref* ref) noexcept : host_(&ctx.raw()), ref_(ref) {
    if (ref_ != nullptr) {
      host_->retain(host_->data, ref_);
    }
  }
  live_ref(live_ref&& other) noexcept
      : host_(other.host_), ref_(std::exchange(other.ref_, nullptr)) {}
  live_ref& operator=(live_ref&& other) noexcept {
    std::swap(host_, other.host_);
    std::swap(ref_, other.ref_);
    return *this;
  }
  ~live_ref() {
    if (ref_ != nullptr) {
      host_->release(host_->data, ref_);
    }
  }
  [[nodiscard]] spawn_live_ref* get() const noexcept { return ref_; }
  operator spawn_live_ref*() const noexcept { return ref_; }  // NOLINT: as a pointer

 private:
  const spawn_live_host* host_ = nullptr;
  spawn_live_ref* ref_ = nullptr;
};

// The state of one actor, while it is active.
class live_actor {
 public:
  live_actor() = default;
  live_actor(const live_actor&) = delete;
  live_actor& operator=(const live_actor&) = delete;
  virtual ~live_actor() = default;
  // An exception that comes out of it faults the whole instance.
  virtual void receive(live_context& ctx, const live_message& message) = 0;
};

// The types of a plugin, in the order of its registration.
template <class... Actors>
struct live_list {
  [[nodiscard]] static std::vector<actor_shape> shapes() { return {Actors::shape()...}; }

  template <class P, class Lane>
  [[nodiscard]] static live_actor* make(std::uint32_t type, live_context& ctx, P& plugin,
                                        Lane& lane) {
    using maker = live_actor* (*)(live_context&, P&, Lane&);
    static constexpr maker makers[] = {
        [](live_context& c, [[maybe_unused]] P& p, [[maybe_unused]] Lane& l) -> live_actor* {
          if constexpr (std::is_constructible_v<Actors, live_context&, P&>) {
            return new Actors(c, p);
          } else if constexpr (std::is_constructible_v<Actors, live_context&, Lane&>) {
            return new Actors(c, l);
          } else {
            return new Actors(c);
          }
        }...};
    return type < sizeof...(Actors) ? makers[type](ctx, plugin, lane) : nullptr;
  }
};

namespace detail {

struct no_lane_data {};
template <class P>
struct lane_data_of {
  using type = no_lane_data;
};
template <class P>
  requires requires { typename P::lane; }
struct lane_data_of<P> {
  using type = typename P::lane;
};

// What a lane is to the plugin: where its actors' calls go, and whose they are.
template <class P>
struct live_lane_box {
  live_context ctx;
  P& plugin;
  typename lane_data_of<P>::type data{};
};

}  // namespace detail

// The table of live_actors.h over P::live_types.
template <class P>
struct live_actors_glue {
  static const char* id() noexcept { return SPAWN_LIVE_ACTORS; }
  static const void* table() noexcept {
    static constexpr spawn_live_actors made{
        sizeof(spawn_live_actors), 0, is_live, lane_open, create, receive, destroy, lane_close};
    return &made;
  }

 private:
  using box = detail::live_lane_box<P>;

  static box& lane_of(spawn_live_lane* lane) noexcept { return *reinterpret_cast<box*>(lane); }
  static std::uint32_t is_live(spawn_instance*, std::uint32_t) noexcept { return 1; }
  static spawn_status lane_open(spawn_instance* self, std::uint32_t, const spawn_live_host* host,
                                spawn_live_lane** out) noexcept {
    try {
      *out = reinterpret_cast<spawn_live_lane*>(new box{live_context(*host), instance_of<P>(self)});
      return SPAWN_OK;
    } catch (...) {
      return SPAWN_E_EXHAUSTED;
    }
  }
  static spawn_status create(spawn_live_lane* lane, std::uint32_t type, spawn_live_ref*,
                             spawn_live_object** out) noexcept {
    try {
      box& on = lane_of(lane);
      live_actor* made = P::live_types::make(type, on.ctx, on.plugin, on.data);
      *out = reinterpret_cast<spawn_live_object*>(made);
      return made == nullptr ? SPAWN_E_NOT_FOUND : SPAWN_OK;
    } catch (const refused& why) {
      return why.status();
    } catch (const std::bad_alloc&) {
      return SPAWN_E_EXHAUSTED;
    } catch (...) {
      return SPAWN_E_INTERNAL;
    }
  }
  static void receive(spawn_live_lane* lane, spawn_live_object* object,
                      const spawn_live_message* message) {
    reinterpret_cast<live_actor*>(object)->receive(lane_of(lane).ctx, live_message(*message));
  }
  static void destroy(spawn_live_lane*, spawn_live_object* object) {
    delete reinterpret_cast<live_actor*>(object);
  }
  static void lane_close(spawn_live_lane* lane) noexcept { delete &lane_of(lane); }
};

// The table of actors.h for a plugin all of whose types are live.
template <class P>
struct live_only_glue {
  static const char* id() noexcept { return SPAWN_ACTORS; }
  static const void* table() noexcept {
    static constexpr spawn_actors made{
        sizeof(spawn_actors), 0, describe, lane_open, nullptr, lane_close};
    return &made;
  }

 private:
  static spawn_status describe(spawn_instance*, spawn_buf* out) noexcept {
    try {
      *out = give(encode_registration({}, P::live_types::shapes()));
      return SPAWN_OK;
    } catch (...) {
      return SPAWN_E_EXHAUSTED;
    }
  }
  static spawn_status lane_open(spawn_instance*, std::uint32_t, spawn_actors_lane** out) noexcept {
    *out = nullptr;
    return SPAWN_E_UNSUPPORTED;
  }
  static void lane_close(spawn_actors_lane*) noexcept {}
};

}  // namespace spawn::plugin
