#include "plugin/ports/loaded_activator_port.hpp"

#include "plugin/lane_barrier.hpp"

namespace spawn {

loaded_activator_port::loaded_activator_port(std::shared_ptr<instance_core> core,
                                             const spawn_activator* table, std::uint32_t home)
    : registered_port(core),
      state_(std::make_shared<shared>()),
      home_(home),
      capabilities_(table->capabilities(core->raw)) {
  state_->core = std::move(core);
  state_->table = table;
}

loaded_activator_port::~loaded_activator_port() {
  listen(nullptr);
  retire();
}

lane& loaded_activator_port::home() const noexcept {
  return (*core_->loops.lanes)[home_];
}

std::pair<bool, std::string> loaded_activator_port::health() const {
  if (core_->host.faulted()) {
    return {false, core_->host.fault_cause().text};
  }
  auto now = core_->host.health();
  return {now.serving, std::move(now.why)};
}

void loaded_activator_port::listen(activator_listener* to) noexcept {
  core_->host.services.activator.store(to);
}

bool loaded_activator_port::open() {
  if (state_->handle != nullptr) {
    return true;
  }
  spawn_status status = SPAWN_E_INTERNAL;
  spawn_ac_lane* made = nullptr;
  const bool returned = core_->call(state_->times, "lane_open", true, [&] {
    status = state_->table->lane_open(core_->raw, home_, &made);
  });
  if (returned && status == SPAWN_OK) {
    state_->handle = made;
  }
  return state_->handle != nullptr;
}

bool loaded_activator_port::set_window(std::uint32_t window, bool pause) {
  if (!core_->accepts() || !open()) {
    return false;
  }
  return core_->call(state_->times, "set_window", false,
                     [&] { state_->table->set_window(state_->handle, window, pause ? 1 : 0); });
}

// Also while the instance quiesces: what it offered must be settled.
void loaded_activator_port::settle(std::span<const spawn_settle* const> verdicts) {
  if (core_->host.faulted() || state_->handle == nullptr || verdicts.empty()) {
    return;
  }
  static_cast<void>(core_->call(state_->times, "settle", false, [&] {
    state_->table->settle(state_->handle, verdicts.data(),
                          static_cast<std::uint32_t>(verdicts.size()));
  }));
}

result<void> loaded_activator_port::close(bool lanes_run, std::uint64_t limit_ms) {
  return on_each_lane(
      *core_->loops.lanes, lanes_run, limit_ms, [state = state_, at_index = home_](lane& at) {
        if (at.index() != at_index || state->handle == nullptr) {
          return;
        }
        static_cast<void>(state->core->call(state->times, "lane_close", true,
                                            [&] { state->table->lane_close(state->handle); }));
        state->handle = nullptr;
      });
}

}  // namespace spawn
