#include "plugin/ports/lane_store_port.hpp"

#include "plugin/lane_barrier.hpp"

namespace spawn {

lane_store_port::lane_store_port(std::shared_ptr<instance_core> core, const spawn_statestore* table,
                                 bool joined)
    : registered_port(core),
      shared_(new shared{core, table, std::vector<slot>(core->loops.lanes->size())}),
      capabilities_(table->capabilities(core->raw)),
      joined_(joined) {}

void lane_store_port::submit(lane& from, std::span<spawn_op* const> ops) {
  if (ops.empty()) {
    return;
  }
  if (!core_->accepts()) {
    core_->refuse(ops);
    return;
  }
  slot& s = shared_->slots[from.index()];
  std::string why;
  if (!s.channel.open(*core_, *shared_->table, from.index(), why)) {
    for (spawn_op* raw : ops) {
      end_here(*raw, errc::unavailable, why);
    }
    return;
  }
  s.flights.add(ops, from.now_ns());
  const bool returned = core_->call(s.channel.times, "submit", false, [&] {
    shared_->table->submit(s.channel.handle, ops.data(), static_cast<std::uint32_t>(ops.size()));
  });
  if (!returned) {
    core_->ended_here += s.flights.log.end_newest(ops.size(), errc::internal,
                                                  "the statestore plugin threw an exception");
  }
}

std::uint64_t lane_store_port::submitted() const noexcept {
  std::uint64_t n = 0;
  for (const slot& s : shared_->slots) {
    n += s.flights.submitted.load(std::memory_order_acquire);
  }
  return n;
}

void lane_store_port::add_times(call_times& sum) const noexcept {
  for (const slot& s : shared_->slots) {
    s.channel.times.add_to(sum);
  }
}

void lane_store_port::list_unfinished(std::vector<unfinished_op>& out) const {
  for (std::uint32_t i = 0; i < shared_->slots.size(); ++i) {
    shared_->slots[i].flights.log.list(core_->time.now_ns(), i, out);
  }
}

result<void> lane_store_port::close(bool lanes_run, std::uint64_t limit_ms) {
  return on_each_lane(*core_->loops.lanes, lanes_run, limit_ms, [s = shared_](lane& at) {
    slot& mine = s->slots[at.index()];
    if (mine.flights.log.all_ended()) {
      mine.channel.close(*s->core, *s->table);
    }
  });
}

}  // namespace spawn
