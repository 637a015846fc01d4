// A workflow plugin: pure steps, run inside submit on the lane that asks.
#pragma once
#include <memory>

#include "plugin/ports/store_lanes.hpp"
#include "plugin/ports/workflow_port.hpp"

namespace spawn {

class loaded_workflow_port final : public workflow_port, public registered_port {
 public:
  loaded_workflow_port(std::shared_ptr<instance_core> core, const spawn_workflow* table,
                       std::vector<std::string> part_types,
                       std::vector<std::string> virtual_parents);
  ~loaded_workflow_port() override { retire(); }

  [[nodiscard]] std::string_view name() const noexcept override { return core_->name; }
  [[nodiscard]] const std::vector<std::string>& part_types() const noexcept override {
    return part_types_;
  }
  [[nodiscard]] const std::vector<std::string>& virtual_parents() const noexcept override {
    return virtual_parents_;
  }
  [[nodiscard]] bool accepts_scratch(std::uint32_t schema) const noexcept override;
  [[nodiscard]] result<std::string> describe(std::uint32_t schema,
                                             std::string_view scratch) const override;
  void submit(lane& from, std::span<spawn_op* const> ops) override;

  [[nodiscard]] std::uint64_t submitted() const noexcept override;
  void add_times(call_times& sum) const noexcept override;
  void list_unfinished(std::vector<unfinished_op>& out) const override;
  [[nodiscard]] result<void> close(bool lanes_run, std::uint64_t limit_ms) override;

 private:
  struct slot {
    store_flights flights;
    call_times times;
  };
  const spawn_workflow* table_;
  std::vector<std::string> part_types_;
  std::vector<std::string> virtual_parents_;
  std::vector<slot> slots_;
};

}  // namespace spawn
