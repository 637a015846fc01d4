#include "plugin/ports/loaded_sink_port.hpp"

#include "lane/post.hpp"
#include "plugin/lane_barrier.hpp"

namespace spawn {

loaded_sink_port::loaded_sink_port(std::shared_ptr<instance_core> core, const spawn_sink* table,
                                   std::uint32_t home)
    : registered_port(core), state_(std::make_shared<shared>()) {
  state_->flights = std::vector<store_flights>(core->loops.lanes->size());
  state_->core = std::move(core);
  state_->table = table;
  state_->home = home;
}

void loaded_sink_port::submit(lane& from, std::span<spawn_op* const> ops) {
  state_->flights[from.index()].add(ops, from.now_ns());
  lane& home = (*core_->loops.lanes)[state_->home];
  if (&home == &from) {
    state_->hand_over(ops);
    return;
  }
  post(home, [state = state_, held = std::vector<spawn_op*>(ops.begin(), ops.end())] {
    state->hand_over(held);
  });
}

void loaded_sink_port::shared::hand_over(std::span<spawn_op* const> ops) {
  if (!core->accepts()) {
    core->refuse(ops);
    core->ended_here += ops.size();
    return;
  }
  if (!open()) {
    for (spawn_op* op : ops) {
      end_here(*op, errc::unavailable, "instance " + core->name + " has no lane for its sink");
    }
    core->ended_here += ops.size();
    return;
  }
  // Ops may end and fly again on their lanes before submit returns: only those of this very flight
  // may be ended here after an exception.
  for (spawn_op* raw : ops) {
    auto* op = static_cast<port_op*>(raw->host_private[0]);
    given.push_back({op, op->generation.load(std::memory_order_relaxed)});
  }
  const bool returned = core->call(times, "submit", false, [&] {
    table->submit(handle, ops.data(), static_cast<std::uint32_t>(ops.size()));
  });
  for (const auto& [op, generation] : given) {
    if (!returned && op->generation.load(std::memory_order_acquire) == generation &&
        end_here(*op->header, errc::internal, "the sink plugin threw an exception")) {
      ++core->ended_here;
    }
  }
  given.clear();
}

bool loaded_sink_port::shared::open() {
  if (handle != nullptr) {
    return true;
  }
  spawn_status status = SPAWN_E_INTERNAL;
  spawn_sink_lane* made = nullptr;
  const bool returned = core->call(times, "lane_open", true,
                                   [&] { status = table->lane_open(core->raw, home, &made); });
  if (returned && status == SPAWN_OK) {
    handle = made;
  }
  return handle != nullptr;
}

std::uint64_t loaded_sink_port::submitted() const noexcept {
  std::uint64_t n = 0;
  for (const store_flights& each : state_->flights) {
    n += each.submitted.load(std::memory_order_acquire);
  }
  return n;
}

void loaded_sink_port::list_unfinished(std::vector<unfinished_op>& out) const {
  for (std::uint32_t i = 0; i < state_->flights.size(); ++i) {
    state_->flights[i].log.list(core_->time.now_ns(), i, out);
  }
}

result<void> loaded_sink_port::close(bool lanes_run, std::uint64_t limit_ms) {
  const bool all_ended = core_->in_flight() == 0;
  return on_each_lane(
      *core_->loops.lanes, lanes_run, limit_ms, [state = state_, all_ended](lane& at) {
        if (at.index() != state->home || state->handle == nullptr || !all_ended) {
          return;
        }
        static_cast<void>(state->core->call(state->times, "lane_close", true,
                                            [&] { state->table->lane_close(state->handle); }));
        state->handle = nullptr;
      });
}

}  // namespace spawn
