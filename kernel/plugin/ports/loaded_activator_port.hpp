// An activator plugin, called on one lane.
#pragma once
#include <memory>

#include "plugin/ports/activator_port.hpp"
#include "plugin/ports/store_lanes.hpp"

namespace spawn {

class loaded_activator_port final : public activator_port, public registered_port {
 public:
  // `home`: index of the lane that makes the calls, which is also the number of the plugin's lane.
  loaded_activator_port(std::shared_ptr<instance_core> core, const spawn_activator* table,
                        std::uint32_t home);
  ~loaded_activator_port() override;

  [[nodiscard]] std::string_view name() const noexcept override { return core_->name; }
  [[nodiscard]] std::uint64_t capabilities() const noexcept override { return capabilities_; }
  [[nodiscard]] lane& home() const noexcept override;
  [[nodiscard]] std::pair<bool, std::string> health() const override;
  void listen(activator_listener* to) noexcept override;
  [[nodiscard]] bool set_window(std::uint32_t window, bool pause) override;
  void settle(std::span<const spawn_settle* const> verdicts) override;

  [[nodiscard]] std::uint64_t submitted() const noexcept override { return 0; }
  void add_times(call_times& sum) const noexcept override { state_->times.add_to(sum); }
  void list_unfinished(std::vector<unfinished_op>&) const override {}
  [[nodiscard]] result<void> close(bool lanes_run, std::uint64_t limit_ms) override;

 private:
  // Shared with the task that closes the lane, which may come late. [home]
  struct shared {
    std::shared_ptr<instance_core> core;
    const spawn_activator* table;
    spawn_ac_lane* handle = nullptr;
    call_times times;
  };
  [[nodiscard]] bool open();

  std::shared_ptr<shared> state_;
  const std::uint32_t home_;
  std::uint64_t capabilities_ = 0;
};

}  // namespace spawn
