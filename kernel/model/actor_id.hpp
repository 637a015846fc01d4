// Who an actor is: (system, parent or "", name), compared in full, never by a hash of it.
#pragma once
#include <string>
#include <string_view>

#include "base/hash.hpp"

namespace spawn {

// Borrowed.
struct actor_view {
  std::string_view system;
  std::string_view parent;
  std::string_view name;
  friend bool operator==(const actor_view&, const actor_view&) = default;
};

struct actor_id {
  std::string system;
  std::string parent;
  std::string name;

  actor_id() = default;
  explicit actor_id(actor_view v) : system(v.system), parent(v.parent), name(v.name) {}
  [[nodiscard]] actor_view view() const noexcept { return {system, parent, name}; }
};

// The parent is not part of it: it is known only after the binding was looked up, and the binding
// lives on the actor's lane (D2).
[[nodiscard]] inline std::uint64_t lane_hash(std::string_view system,
                                             std::string_view name) noexcept {
  return hash_pair(system, name);
}

}  // namespace spawn
