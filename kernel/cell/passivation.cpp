// Idleness, snapshots, drain: when a cell's memory is saved and given back (protocol.md 5.2).
#include "base/log.hpp"
#include "cell/cell_lane.hpp"

namespace spawn {

void cell_lane::touched(cell& c) {
  c.last_used_ns = s_.home.now_ns();
  static_cast<list_hook<lru_tag>&>(c).unlink();
  lru_.push_back(c);
}

// Arms the cell's timer for whichever comes first: idleness, or the snapshot that is due.
void cell_lane::rearm(cell& c) {
  const std::uint64_t jitter = s_.home.rng().below(options_.deactivate_jitter_ms + 1);
  std::uint64_t due = c.last_used_ns + (c.def().deactivate_ms + jitter) * ns_per_ms;
  if (c.dirty && !c.flying) {
    due = std::min(due, c.snapshot_due_ns);
  }
  if (draining_) {
    constexpr std::uint64_t look_again_ms = 50;
    due = std::min(due, s_.home.now_ns() + look_again_ms * ns_per_ms);
  }
  s_.home.timers().arm(c, due);
}

void cell_lane::mark_dirty(cell& c) {
  if (c.dirty) {
    return;
  }
  c.dirty = true;
  c.snapshot_due_ns = s_.home.now_ns() + c.def().snapshot_ms * ns_per_ms;
  if (!c.flying && (!c.timer::is_linked() || c.snapshot_due_ns < c.due_ms * ns_per_ms)) {
    s_.home.timers().arm(c, c.snapshot_due_ns);
  }
}

void cell_lane::cell_timer(cell& c) {
  if (draining_) {
    pump(c);
  }
  const std::uint64_t now = s_.home.now_ns();
  const bool idle = now >= c.last_used_ns + c.def().deactivate_ms * ns_per_ms;
  const bool snapshot = c.dirty && (idle || draining_ || now >= c.snapshot_due_ns);
  if (snapshot && c.phase == cell_phase::ready && !c.flying) {
    gather(c).writes = true;
    start_save(c);
    return;  // its answer arms the timer again
  }
  if (c.is_quiet() && (idle || draining_ || c.recycle || c.phase == cell_phase::absent)) {
    forget(c);
    check_drained();
    return;
  }
  if (idle && !draining_) {
    // Busy past its idle time (a long call, a store that is down): look again later.
    s_.home.timers().arm(c, now + c.def().deactivate_ms * ns_per_ms);
    return;
  }
  rearm(c);
}

void cell_lane::recycle(actor_view id) {
  if (cell* c = table_.find(id)) {
    if (c->is_quiet()) {
      forget(*c);
    } else {
      c->recycle = true;
    }
  }
}

// Forgets the cell soon, unless it is used again first: never at once, since whoever calls this is
// still at work on it.
void cell_lane::maybe_forget(cell& c) {
  if (c.is_quiet() && (c.phase == cell_phase::absent || draining_ || c.recycle)) {
    s_.home.timers().arm(c, s_.home.now_ns());
  }
}

void cell_lane::forget(cell& c) {
  s_.stats.passivations.add();
  s_.stats.cells.sub();
  table_.erase(c);
}

void cell_lane::drain(unique_function<void()> drained) {
  draining_ = true;
  calls_.stop();
  drained_ = std::move(drained);
  drain_some();
}

// A slice at a time: saves what is dirty and forgets what is quiet. The rest follow as they end.
void cell_lane::drain_some() {
  constexpr std::size_t slice = 2'000;
  std::vector<cell*> seen;
  const bool more = table_.for_some(&drain_cursor_, slice, [&](cell& c) { seen.push_back(&c); });
  for (cell* c : seen) {
    pump(*c);  // no more rows are fetched
    if (c->is_quiet()) {
      forget(*c);
    } else if (c->dirty && c->phase == cell_phase::ready && !c->flying) {
      gather(*c).writes = true;
      start_save(*c);
    }
  }
  if (more) {
    s_.home.arm_after_ms(drain_timer_, 1);
    return;
  }
  check_drained();
}

void cell_lane::check_drained() {
  if (draining_ && drained_ && table_.size() == 0) {
    std::exchange(drained_, nullptr)();
  }
}

}  // namespace spawn
