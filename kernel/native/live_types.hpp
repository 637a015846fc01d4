// The types of a native plugin whose actors are objects in memory, as all lanes see them.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/hash.hpp"
#include "model/definition.hpp"

namespace spawn {

struct live_type {
  live_type(std::uint32_t at, definition_ptr is)
      : def(std::move(is)),
        index(at),
        actions(static_cast<std::uint32_t>(def->actions.size() + def->timers.size())),
        mailbox_max(def->policy.mailbox_max),
        system_hash(hash_bytes(def->system)) {}

  definition_ptr def;
  std::uint32_t index;    // in the plugin's registration
  std::uint32_t actions;  // and, after them, timers
  std::uint32_t mailbox_max;
  std::uint64_t system_hash;

  [[nodiscard]] bool is_named() const noexcept { return def->is_instance(); }
  // The number a plugin knows it by; `actions` when there is none of this name.
  [[nodiscard]] std::uint32_t action_of(std::string_view wanted) const noexcept {
    std::uint32_t at = 0;
    for (const auto& each : def->actions) {
      if (each == wanted) {
        return at;
      }
      ++at;
    }
    for (const auto& each : def->timers) {
      if (each.action == wanted) {
        return at;
      }
      ++at;
    }
    return actions;
  }
  // As lane_hash(system, name).
  [[nodiscard]] std::uint64_t hash_of(std::string_view name) const noexcept {
    return hash_bytes(name, system_hash);
  }
};

// Of one instance; immutable once the lanes run. [any]
struct live_types {
  std::string system;  // the one that an address without a system is in
  std::vector<live_type> all;

  // The type of the actors with this parent (or, without one, of this name); null: not live.
  [[nodiscard]] const live_type* find(std::string_view in, std::string_view parent,
                                      std::string_view name) const noexcept {
    const bool is_named = parent.empty() || parent == name;
    const std::string_view wanted = is_named ? name : parent;
    for (const live_type& each : all) {
      if (each.is_named() == is_named && each.def->type == wanted && each.def->system == in) {
        return &each;
      }
    }
    return nullptr;
  }
};

}  // namespace spawn
