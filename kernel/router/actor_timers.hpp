// Timer actions of the actors on this lane (protocol.md 5.9, L7).
#pragma once
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/hash.hpp"
#include "base/unique_function.hpp"
#include "cell/cell.hpp"
#include "model/actor_id.hpp"

namespace spawn {

// Timers belong to the definition: made at the first activation, replaced when the type registers
// again, and they go on while the actor is passivated. A firing whose predecessor still waits or
// runs is left out, and what was missed is not caught up: no bursts. [lane]
class actor_timers {
 public:
  using fire_fn = unique_function<void(actor_view, actor_type&, std::string_view action,
                                       std::shared_ptr<void> ticket)>;
  actor_timers(lane& home, fire_fn fire);
  ~actor_timers();

  // Makes the actor's timers unless they are there already. Cheap when its type has none.
  void ensure(actor_view id, actor_type& type) {
    if (!type.now->timers.empty()) {
      arm(id, type);
    }
  }
  // The type's definition changed: replaces the timers of all its actors.
  void replace(actor_type& type);
  void drop(actor_view id);
  void stop();  // no further firing
  [[nodiscard]] std::size_t actors() const noexcept { return by_actor_.size(); }

 private:
  struct entry;
  struct actor_entry;
  void arm(actor_view id, actor_type& type);
  void fired(entry& which);
  void start(actor_entry& of);

  lane& lane_;
  fire_fn fire_;
  bool stopped_ = false;
  std::unordered_map<std::string, std::unique_ptr<actor_entry>, text_hash, std::equal_to<>>
      by_actor_;
};

}  // namespace spawn
