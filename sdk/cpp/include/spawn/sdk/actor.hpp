// The declaration of an actor: its kind, settings, actions and timers.
#pragma once

#include <chrono>
#include <concepts>
#include <cstdint>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "spawn/sdk/detail/handler.hpp"

namespace spawn::sdk {

// named: one instance, under the actor's name. unnamed: a template, its instances get names when
// they are spawned or referred to. pooled: stateless, many calls at once.
enum class actor_kind { named, unnamed, pooled };

namespace detail {

// One action, or one timer when `period` is set, with a handler for each type of payload.
struct action_entry {
  std::string name;
  std::chrono::milliseconds period{0};
  std::vector<std::unique_ptr<handler>> handlers;
};

// The part of an actor that does not depend on the type of its state.
// Life cycle: made by host, filled before start(), never changed after. Thread: any, read only.
class actor_definition {
 public:
  actor_definition(std::string actor_name, actor_kind actor_is);
  actor_definition(const actor_definition&) = delete;
  actor_definition& operator=(const actor_definition&) = delete;
  virtual ~actor_definition() = default;

  // The type_url and bytes of the initial state, if there is one.
  [[nodiscard]] virtual std::optional<any_value> initial_bytes() const = 0;
  [[nodiscard]] const action_entry* find(std::string_view action) const;
  // Throws std::invalid_argument on an empty name or two handlers of one payload type.
  void add(std::string action, std::chrono::milliseconds period, std::unique_ptr<handler> run);
  void set_period(std::string_view option, std::optional<std::chrono::milliseconds>& slot,
                  std::chrono::milliseconds value);

  const std::string name;
  const actor_kind kind;
  bool is_stateful;
  std::optional<std::chrono::milliseconds> idle;
  std::optional<std::chrono::milliseconds> snapshot;
  std::int32_t pool_min = 0;
  std::int32_t pool_max = 0;
  string_map initial_tags;
  std::vector<std::pair<std::string, std::string>> channels;  // topic, action
  std::vector<action_entry> actions;                          // in the order of declaration
};

}  // namespace detail

// Declares one actor. Every function returns the actor, so calls can be chained. Everything is
// declared before host::start(); actions are called by worker threads, several at once for
// different instances, one at a time for one instance.
template <class State>
class actor final : public detail::actor_definition {
 public:
  using actor_definition::actor_definition;

  // Keeps its state in the kernel's store (the default, except for pooled actors).
  actor& stateful() {
    is_stateful = true;
    return *this;
  }
  // The kernel keeps the state in memory until the actor has been idle.
  actor& stateless() {
    is_stateful = false;
    return *this;
  }
  // The kernel drops an actor from memory after this time without a message.
  actor& idle_timeout(std::chrono::milliseconds time) {
    set_period("idle_timeout", idle, time);
    return *this;
  }
  // For the kernel's `snapshot` durability mode: how often the state is saved.
  actor& snapshot_every(std::chrono::milliseconds time) {
    set_period("snapshot_every", snapshot, time);
    return *this;
  }
  actor& pool_size(std::int32_t least, std::int32_t most) {
    pool_min = least;
    pool_max = most;
    return *this;
  }
  // Tags of an actor that has none stored yet.
  actor& tags(string_map values) {
    initial_tags = std::move(values);
    return *this;
  }
  // Subscribes to a channel: `action` runs for each broadcast. Empty means "receive".
  actor& channel(std::string topic, std::string action = {}) {
    channels.emplace_back(std::move(topic), std::move(action));
    return *this;
  }
  // The state of an actor that has none stored yet.
  actor& initial_state(State state) {
    initial_ = std::move(state);
    return *this;
  }

  // fn(context<State>&, const Request&) or, without Request, fn(context<State>&). It returns the
  // payload of the answer, nothing (a noop is answered, unless it called ctx.reply), or
  // ctx.reply(...). A request without payload gives a default Request. One action may have a
  // handler for each type of payload. The name `init` or `setup` makes the kernel run it at each
  // activation.
  template <class Request = nothing, class Response = detail::deduced, class Fn>
  actor& action(std::string action_name, Fn fn) {
    add(std::move(action_name), std::chrono::milliseconds{0},
        wrap<Request, Response>(std::move(fn)));
    return *this;
  }
  // Runs fn(context<State>&) every `period` while the actor is in memory. It can be invoked, too.
  template <class Fn>
  actor& timer(std::string action_name, std::chrono::milliseconds period, Fn fn) {
    if (period <= std::chrono::milliseconds{0}) {
      throw std::invalid_argument("timer " + action_name + " of actor " + name +
                                  ": the period must be above 0 ms");
    }
    add(std::move(action_name), period, wrap<nothing, detail::deduced>(std::move(fn)));
    return *this;
  }

  [[nodiscard]] std::optional<any_value> initial_bytes() const override {
    std::optional<any_value> bytes;
    if constexpr (!std::same_as<State, nothing>) {
      if (initial_) {
        bytes.emplace();
        codec<State>::encode(*initial_, bytes->type_url, bytes->value);
      }
    }
    return bytes;
  }

 private:
  template <class Request, class Response, class Fn>
  std::unique_ptr<detail::handler> wrap(Fn fn) {
    return std::make_unique<detail::typed_handler<State, Request, Response, Fn>>(std::move(fn),
                                                                                 initial_);
  }

  std::optional<State> initial_;
};

}  // namespace spawn::sdk
