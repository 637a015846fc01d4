// How a message of an activator ends: dead letters, giving back, verdicts to the plugin.
#include "base/log.hpp"
#include "intake/intake_work.hpp"

namespace spawn {

void intake::bury(work& of, std::string why) {
  using dead = intake_options::dead;
  counts_.dead.add();
  if (deaths_.allows(lane_.now_ns())) {
    SPAWN_LOG(warn, "a message is dead", {"activator", port_.name()}, {"source", of.source},
              {"actor", of.to.actor}, {"action", of.to.action}, {"tries", of.tries}, {"why", why},
              {"more_since_last_line", deaths_.take_held_back()});
  }
  spawn_settle told{};
  told.status = SPAWN_E_INVALID;
  if (of.wants_reply()) {
    told.verdict = SPAWN_ACK;
    finish(of, told, std::move(why));
    return;
  }
  if (options_.letters != dead::kernel) {
    told.verdict = options_.letters == dead::source ? SPAWN_DEAD : SPAWN_ACK;
    finish(of, told, std::move(why));
    return;
  }
  of.letter = of.make_letter(port_.name(), std::move(why), lane_.unix_ms());
  write_letter(of);
}

// A letter that could not be written is written anew: until it is there the source keeps the
// message.
void intake::buried(work& of, row_outcome how, const std::string& why) {
  std::string text = of.letter->row->last_error;
  if (how == row_outcome::refused || how == row_outcome::unknown) {
    SPAWN_LOG(error, "a dead letter could not be stored", {"activator", port_.name()},
              {"why", why});
    if (now() == mode::draining) {
      release(of);
      return;
    }
    of.is = work::stage::waiting;
    of.again.fire = [](timer& t) {
      work& mine = *static_cast<work::again_timer&>(t).owner;
      mine.owner.write_letter(mine);
    };
    lane_.arm_after_ms(of.again, back_off(++of.waits));
    return;
  }
  router_.services().stats.rows_dead.add();
  spawn_settle told{};
  told.verdict = SPAWN_ACK;
  told.status = SPAWN_E_INVALID;
  finish(of, told, std::move(text));
}

void intake::write_letter(work& of) {
  of.is = work::stage::burying;
  router_.services().keeper.bury_new(
      *of.letter, [this, &of](row_outcome how, std::string text) { buried(of, how, text); });
}

void intake::release(work& of) {
  counts_.released.add();
  spawn_settle told{};
  told.verdict = of.wants_reply() ? SPAWN_ACK : SPAWN_RELEASE;
  told.status = of.wants_reply() ? SPAWN_E_SHUTDOWN : SPAWN_OK;
  finish(of, told, of.wants_reply() ? "SHUTTING_DOWN: this kernel is draining" : "");
}

void intake::finish(work& of, spawn_settle with, std::string text, outcome answer) {
  timer_wheel::cancel(of.again);
  if (with.verdict == SPAWN_ACK && with.status == SPAWN_OK) {
    counts_.acknowledged.add();
  }
  counts_.time.observe_ns(lane_.now_ns() - of.arrived_ns);
  settled_.emplace_back(of.raw.token, with, std::move(text), std::move(answer));
  lane_.at_turn_end(flush_);
  counts_.in_flight.sub();
  const std::string line = std::move(of.line);
  const bool was_first = !line.empty() && lines_.at(line).front() == &of;
  if (!line.empty()) {
    auto& all = lines_.at(line);
    std::erase(all, &of);
    if (all.empty()) {
      lines_.erase(line);
    }
  }
  delete &of;
  if (was_first) {
    next_of(line);
  }
}

// In a task of its own: the one before may have ended within its own call.
void intake::next_of(const std::string& line) {
  const auto found = lines_.find(line);
  if (found == lines_.end() || now() == mode::draining) {
    return;
  }
  work& next = *found->second.front();
  if (next.is != work::stage::behind) {
    return;
  }
  next.is = work::stage::called_soon;
  next.run = [](task& t) {
    auto& mine = static_cast<work&>(t);
    mine.owner.call(mine);
  };
  lane_.defer(next);
}

void intake::flush() {
  auto batch = std::exchange(settled_, {});
  std::vector<const spawn_settle*> raw;
  raw.reserve(batch.size());
  for (settled& each : batch) {
    raw.push_back(&each.fill());
  }
  taken_.fetch_sub(static_cast<std::uint32_t>(batch.size()), std::memory_order_acq_rel);
  port_.settle(raw);
  check_drained();
}

}  // namespace spawn
