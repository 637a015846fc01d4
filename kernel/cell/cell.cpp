#include "cell/cell.hpp"

#include <algorithm>

#include "cell/cell_lane.hpp"

namespace spawn {

cell::cell(cell_lane& on, actor_view id, std::uint64_t hash, actor_type& of)
    : names_(std::make_unique<char[]>(id.system.size() + id.parent.size() + id.name.size())),
      hash_(hash),
      system_size_(static_cast<std::uint16_t>(id.system.size())),
      parent_size_(static_cast<std::uint16_t>(id.parent.size())),
      name_size_(static_cast<std::uint16_t>(id.name.size())),
      home(&on),
      type(&of) {
  char* at = std::copy(id.system.begin(), id.system.end(), names_.get());
  at = std::copy(id.parent.begin(), id.parent.end(), at);
  std::copy(id.name.begin(), id.name.end(), at);
  fire = [](timer& t) {
    auto& self = static_cast<cell&>(t);
    self.home->cell_timer(self);
  };
}

cell::~cell() {
  while (invocation* message = mailbox.pop_front()) {
    delete message;
  }
}

bool cell::can_run() const noexcept {
  if (phase != cell_phase::ready || reload) {
    return false;
  }
  if (flying && def().mode() == durability::commit) {
    // Nothing new is built on a save that may have failed (rules 7 and D21).
    if (flying->in_doubt || !flying->at_store || !def().policy.speculative) {
      return false;
    }
  }
  // Nothing is built on a tombstone, and nothing joins what an operator has asked for.
  if ((flying && flying->removes) || (gathering && (gathering->removes || gathering->restores))) {
    return false;
  }
  const auto& options = home->options();
  return !gathering ||
         (gathering->turns.size() < options.save_turns_max &&
          gathering->bytes < options.save_bytes_max && gathering->row_ops < limits::save_rows_max);
}

bool cell::is_quiet() const noexcept {
  return (phase == cell_phase::ready || phase == cell_phase::absent) && waiting == 0 && !running &&
         !flying && !gathering && !dirty && (!held || held->empty()) &&
         (!rows || rows->is_quiet()) && (!keys || keys->is_quiet());
}

}  // namespace spawn
