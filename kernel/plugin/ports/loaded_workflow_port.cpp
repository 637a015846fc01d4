#include "plugin/ports/loaded_workflow_port.hpp"

namespace spawn {

loaded_workflow_port::loaded_workflow_port(std::shared_ptr<instance_core> core,
                                           const spawn_workflow* table,
                                           std::vector<std::string> part_types)
    : registered_port(core),
      table_(table),
      part_types_(std::move(part_types)),
      slots_(core->loops.lanes->size()) {}

bool loaded_workflow_port::serves_actors() const noexcept {
  if (!SPAWN_KNOWS(table_, virtual_parents) || table_->virtual_parents == nullptr) {
    return false;
  }
  const char* const* parents = table_->virtual_parents(core_->raw);
  return parents != nullptr && *parents != nullptr;
}

void loaded_workflow_port::submit(lane& from, std::span<spawn_op* const> ops) {
  if (ops.empty()) {
    return;
  }
  if (!core_->accepts()) {
    core_->refuse(ops);
    return;
  }
  slot& s = slots_[from.index()];
  s.flights.add(ops, from.now_ns());
  const bool returned = core_->call(s.times, "submit", false, [&] {
    table_->submit(core_->raw, from.index(), ops.data(), static_cast<std::uint32_t>(ops.size()));
  });
  if (!returned) {
    core_->ended_here += s.flights.log.end_newest(ops.size(), errc::internal,
                                                  "the workflow plugin threw an exception");
  }
}

std::uint64_t loaded_workflow_port::submitted() const noexcept {
  std::uint64_t n = 0;
  for (const slot& s : slots_) {
    n += s.flights.submitted.load(std::memory_order_acquire);
  }
  return n;
}

void loaded_workflow_port::add_times(call_times& sum) const noexcept {
  for (const slot& s : slots_) {
    s.times.add_to(sum);
  }
}

void loaded_workflow_port::list_unfinished(std::vector<unfinished_op>& out) const {
  for (std::uint32_t i = 0; i < slots_.size(); ++i) {
    slots_[i].flights.log.list(core_->time.now_ns(), i, out);
  }
}

// A workflow has no channels: there is nothing to close.
result<void> loaded_workflow_port::close(bool, std::uint64_t) {
  return {};
}

}  // namespace spawn
