// What an action gets: state, caller, metadata, tags, and the ways to answer and to go on.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "spawn/sdk/detail/turn.hpp"

namespace spawn::sdk {

// Returned by context::reply; says that the payload is already in place.
struct replied {};

struct effect_options {
  std::string register_ref;            // the unnamed actor to make an instance of
  std::string system;                  // empty: this actor's system
  std::chrono::milliseconds delay{0};  // from now
  bool async = true;
  string_map metadata;  // laid over the metadata of the current request
};

// The part of a context that does not depend on the type of the state.
// Life cycle: for one call of an action; keep no reference. Thread: the worker's that runs it.
class context_base {
 public:
  explicit context_base(detail::turn& turn) : turn_(turn) {}
  context_base(const context_base&) = delete;
  context_base& operator=(const context_base&) = delete;

  [[nodiscard]] actor_id self() const { return turn_.self(); }
  // The name is empty when the caller is not an actor.
  [[nodiscard]] actor_id caller() const { return turn_.caller(); }
  [[nodiscard]] std::string_view action() const { return turn_.action(); }
  [[nodiscard]] payload_view payload() const { return turn_.payload(); }
  [[nodiscard]] string_map metadata() const { return turn_.metadata(); }
  // Empty when there is no such key.
  [[nodiscard]] std::string_view metadata(std::string_view key) const {
    return turn_.metadata(key);
  }
  // The actor's tags. They are stored with the state; changes go back with the answer.
  [[nodiscard]] string_map& tags() { return turn_.tags(); }

  // Sets the payload of the answer: for actions that answer with different types.
  template <encodable T>
  replied reply(const T& value) {
    const auto slot = turn_.reply_value();
    codec<T>::encode(value, slot.type_url, slot.value);
    return {};
  }
  replied reply() {
    turn_.reply_noop();
    return {};
  }
  // Answers with the payload of the request, as it came.
  replied echo() {
    turn_.echo();
    return {};
  }

  // A message to another actor, sent once the new state is durable. Effects are not ordered.
  void effect(std::string_view actor, std::string_view action, const effect_options& options = {}) {
    turn_.add_effect(shape(actor, action, options), false);
  }
  template <encodable T>
  void effect(std::string_view actor, std::string_view action, const T& value,
              const effect_options& options = {}) {
    fill(turn_.add_effect(shape(actor, action, options), true), value);
  }

  // A message to all subscribers of a channel. The last one set in a call counts.
  void broadcast(std::string_view channel) { turn_.set_broadcast(channel, false); }
  template <encodable T>
  void broadcast(std::string_view channel, const T& value) {
    fill(turn_.set_broadcast(channel, true), value);
  }

  // The answer of this action becomes the request of another; that one answers the caller.
  void pipe(std::string_view actor, std::string_view action, std::string_view register_ref = {}) {
    turn_.set_pipe(actor, action, register_ref);
  }
  // The request of this action goes on to another; that one answers the caller.
  void forward(std::string_view actor, std::string_view action,
               std::string_view register_ref = {}) {
    turn_.set_forward(actor, action, register_ref);
  }
  // A part for a workflow plugin of the kernel, found by the type's name.
  template <encodable T>
  void part(const T& value) {
    const auto slot = turn_.add_part();
    codec<T>::encode(value, slot.type_url, slot.value);
  }
  // The answer waits until the state is durable, whatever the actor's durability mode.
  void checkpoint() { turn_.checkpoint(); }

 protected:
  detail::turn& turn_;

 private:
  static detail::turn::effect shape(std::string_view actor, std::string_view action,
                                    const effect_options& options);
  template <class T>
  static void fill(std::optional<detail::any_slot> slot, const T& value) {
    codec<T>::encode(value, slot->type_url, slot->value);
  }
};

// Throws action_error: "the state of counter is x.Y, this actor keeps z.W".
[[noreturn]] void throw_wrong_state(const detail::turn& turn, std::string_view wanted);
[[noreturn]] void throw_bad_bytes(std::string_view what, std::string_view type_name);

template <class State = nothing>
class context : public context_base {
 public:
  context(detail::turn& turn, const State* initial) : context_base(turn), initial_(initial) {}

  // The state, to read or to change. It is decoded at the first use and sent back when it differs
  // from what came.
  [[nodiscard]] State& state() {
    load();
    changed_ = true;
    return state_;
  }
  // The state, only to read.
  [[nodiscard]] const State& view() {
    load();
    return state_;
  }
  // False when the kernel keeps no state for this actor yet.
  [[nodiscard]] bool has_state() const { return turn_.state().kind == presence::value; }

  // Called by the host after the action.
  void store() {
    if (!changed_) {
      return;
    }
    const auto old = turn_.state();
    std::string type_url;
    std::string value;
    codec<State>::encode(state_, type_url, value);
    if (old.kind == presence::value && old.value == value && old.type_url == type_url) {
      return;
    }
    const auto slot = turn_.new_state();
    slot.type_url.swap(type_url);
    slot.value.swap(value);
  }

 private:
  void load() {
    if (loaded_) {
      return;
    }
    const auto stored = turn_.state();
    if (stored.kind == presence::value) {
      if (!same_type(stored.type_url, codec<State>::type_name())) {
        throw_wrong_state(turn_, codec<State>::type_name());
      }
      if (!codec<State>::decode(stored.type_url, stored.value, state_)) {
        throw_bad_bytes("state", codec<State>::type_name());
      }
    } else if (initial_ != nullptr) {
      state_ = *initial_;
    }
    loaded_ = true;
  }

  const State* initial_;
  State state_{};
  bool loaded_ = false;
  bool changed_ = false;
};

// An actor without state.
template <>
class context<nothing> : public context_base {
 public:
  context(detail::turn& turn, const nothing*) : context_base(turn) {}
  void store() {}
};

}  // namespace spawn::sdk
