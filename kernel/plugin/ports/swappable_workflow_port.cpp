#include "plugin/ports/swappable_workflow_port.hpp"

#include <algorithm>

namespace spawn {

swappable_workflow_port::version::version(std::unique_ptr<workflow_port> of) : port(std::move(of)) {
  for (std::uint32_t schema = 0; schema < schemas_max; ++schema) {
    reads[schema] = port->accepts_scratch(schema);
  }
}

swappable_workflow_port::swappable_workflow_port(std::unique_ptr<workflow_port> first,
                                                 std::size_t lanes)
    : name_(first->name()),
      part_types_(first->part_types()),
      virtual_parents_(first->virtual_parents()) {
  now_ = std::make_shared<versions>(versions{std::make_shared<version>(std::move(first))});
  slots_.assign(lanes, now_);
}

bool swappable_workflow_port::accepts_scratch(std::uint32_t schema) const noexcept {
  const auto all = now();
  return std::any_of(all->begin(), all->end(),
                     [&](const auto& each) { return each->accepts(schema); });
}

result<std::string> swappable_workflow_port::describe(std::uint32_t schema,
                                                      std::string_view scratch) const {
  const auto all = now();
  const auto reader = std::find_if(all->begin(), all->end(),
                                   [&](const auto& each) { return each->accepts(schema); });
  return (reader != all->end() ? *reader : all->front())->port->describe(schema, scratch);
}

// One that has no scratch yet is a new flow's.
const swappable_workflow_port::version& swappable_workflow_port::for_step(
    const versions& all, const spawn_op& op) noexcept {
  const auto& step = reinterpret_cast<const spawn_wf_step&>(op);
  if (step.scratch.len != 0) {
    for (const auto& each : all) {
      if (each->accepts(step.scratch_schema)) {
        return *each;
      }
    }
  }
  return *all.front();
}

void swappable_workflow_port::submit(lane& from, std::span<spawn_op* const> ops) {
  const versions* const all = slots_[from.index()].get();
  if (all->size() == 1) [[likely]] {
    all->front()->port->submit(from, ops);
    return;
  }
  for (std::size_t i = 0; i < ops.size(); ++i) {
    for_step(*all, *ops[i]).port->submit(from, ops.subspan(i, 1));
  }
}

std::shared_ptr<const swappable_workflow_port::versions> swappable_workflow_port::now() const {
  const std::lock_guard hold(mutex_);
  return now_;
}

void swappable_workflow_port::set(std::shared_ptr<const versions> next) {
  const std::lock_guard hold(mutex_);
  now_ = std::move(next);
}

void swappable_workflow_port::use(lane& at, std::shared_ptr<const versions> next) {
  slots_[at.index()] = std::move(next);
}

}  // namespace spawn
