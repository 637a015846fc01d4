// What a plugin of kind "actors" registers, and calls of it as bytes. Thread: the test's.
#pragma once
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "instance.hpp"
#include "model/definition.hpp"
#include "spawn/plugin/live_actors.h"

namespace spawn::check {

struct actor_type {
  std::string name;
  std::shared_ptr<definition> shape;
  bool is_live = false;

  // Its actions and its timers' actions, as live_actors.h numbers them.
  [[nodiscard]] std::vector<std::string> actions() const;
};

struct described_actors {
  std::string encoded;  // the RegistrationRequest
  std::string system;
  std::vector<actor_type> types;  // in the order of the registration
  const spawn_actors* table = nullptr;
  const spawn_live_actors* live = nullptr;  // null: the plugin has no such table

  // The first that is not live, or nullptr.
  [[nodiscard]] const actor_type* first_of_actions() const;
};

// The bytes of describe; throws contract::failed when it does not answer OK.
[[nodiscard]] std::string description(const instance& on);
// Throws contract::failed when the kernel could not read it.
[[nodiscard]] described_actors describe_actors(const instance& on);

// An ActorInvocation. `any`: the content of its value, null is a call without a payload.
[[nodiscard]] std::string encoded_call(const actor_type& type, std::string_view name,
                                       std::string_view action, const std::string* any = nullptr);

}  // namespace spawn::check
