#include "plugin/ports/loaded_workflow_port.hpp"

namespace spawn {

loaded_workflow_port::loaded_workflow_port(std::shared_ptr<instance_core> core,
                                           const spawn_workflow* table,
                                           std::vector<std::string> part_types,
                                           std::vector<std::string> virtual_parents)
    : registered_port(core),
      table_(table),
      part_types_(std::move(part_types)),
      virtual_parents_(std::move(virtual_parents)),
      slots_(core->loops.lanes->size()) {}

bool loaded_workflow_port::accepts_scratch(std::uint32_t schema) const noexcept {
  if (!SPAWN_KNOWS(table_, accepts_scratch) || table_->accepts_scratch == nullptr) {
    return false;
  }
  bool accepts = false;
  const std::string threw =
      contained([&] { accepts = table_->accepts_scratch(core_->raw, schema) != 0; });
  return threw.empty() && accepts;
}

result<std::string> loaded_workflow_port::describe(std::uint32_t schema,
                                                   std::string_view scratch) const {
  if (!SPAWN_KNOWS(table_, describe) || table_->describe == nullptr) {
    return fail(errc::unsupported, "workflow plugin " + core_->name + " describes no flows");
  }
  spawn_buf json{};
  spawn_status status = SPAWN_E_INTERNAL;
  const std::string threw =
      contained([&] { status = table_->describe(core_->raw, schema, slice_of(scratch), &json); });
  if (!threw.empty()) {
    return fail(errc::internal, "workflow plugin " + core_->name + ": describe " + threw);
  }
  std::string out(view_of(json));
  release(json);
  if (status != SPAWN_OK) {
    return fail(errc::corrupt,
                "workflow plugin " + core_->name + " can not read this flow's scratch");
  }
  return out;
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
