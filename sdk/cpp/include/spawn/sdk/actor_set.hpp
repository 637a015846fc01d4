// The actors of a program, before it is settled whether it is a process of its own (host) or a
// plugin of the kernel (see spawn_add_actors() in the README).
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "spawn/sdk/actor.hpp"

namespace spawn::sdk {

namespace detail {
class dispatcher;
}

// Life cycle: actors are declared, then it is sealed, never changed after.
// Thread: declare on one thread. Owns its actors.
class actor_set {
 public:
  actor_set(const actor_set&) = delete;
  actor_set& operator=(const actor_set&) = delete;

  // One instance, under this name. Stateful.
  template <class State = nothing>
  sdk::actor<State>& actor(std::string name) {
    return add<State>(std::move(name), actor_kind::named);
  }
  // A template: its instances are spawned, or made by a request that names it. Stateful.
  template <class State = nothing>
  sdk::actor<State>& unnamed(std::string name) {
    return add<State>(std::move(name), actor_kind::unnamed);
  }
  // Stateless; the kernel runs many calls at once.
  template <class State = nothing>
  sdk::actor<State>& pooled(std::string name) {
    return add<State>(std::move(name), actor_kind::pooled);
  }

  // What whoever runs these actors has set for them, a JSON object: of a plugin its `config` in the
  // kernel's YAML, which has been checked against the plugin's schema; of a host
  // host_options::config, unchecked. "{}" when nothing is set.
  [[nodiscard]] std::string_view config() const noexcept { return config_; }

 protected:
  explicit actor_set(std::string config);
  ~actor_set();
  [[nodiscard]] detail::dispatcher& actors() const { return *actors_; }
  // From here on a declaration throws std::logic_error.
  void seal() { sealed_ = true; }

 private:
  template <class State>
  sdk::actor<State>& add(std::string name, actor_kind kind) {
    auto made = std::make_unique<sdk::actor<State>>(std::move(name), kind);
    auto& ref = *made;
    insert(std::move(made));
    return ref;
  }
  void insert(std::unique_ptr<detail::actor_definition> made);

  std::unique_ptr<detail::dispatcher> actors_;
  const std::string config_;
  bool sealed_ = false;
};

}  // namespace spawn::sdk
