// The sink of a plugin instance, beside the port of its kind. Called on one lane.
#pragma once
#include <memory>
#include <vector>

#include "plugin/ports/sink_port.hpp"
#include "plugin/ports/store_lanes.hpp"

namespace spawn {

class loaded_sink_port final : public sink_port, public registered_port {
 public:
  // `home`: index of the lane that makes the calls.
  loaded_sink_port(std::shared_ptr<instance_core> core, const spawn_sink* table,
                   std::uint32_t home);
  ~loaded_sink_port() override { retire(); }

  [[nodiscard]] std::string_view name() const noexcept override { return core_->name; }
  void submit(lane& from, std::span<spawn_op* const> ops) override;

  [[nodiscard]] std::uint64_t submitted() const noexcept override;
  void add_times(call_times& sum) const noexcept override { state_->times.add_to(sum); }
  void list_unfinished(std::vector<unfinished_op>& out) const override;
  [[nodiscard]] result<void> close(bool lanes_run, std::uint64_t limit_ms) override;

 private:
  // Shared with tasks on the home lane, which may come late.
  struct shared {
    std::shared_ptr<instance_core> core;
    const spawn_sink* table;
    std::uint32_t home;
    spawn_sink_lane* handle = nullptr;
    call_times times;
    std::vector<store_flights> flights;  // by the lane that submits
    struct flight {
      port_op* op;
      std::uint32_t generation;
    };
    std::vector<flight> given;  // of the submit that runs [home]

    void hand_over(std::span<spawn_op* const> ops);  // [home]
    [[nodiscard]] bool open();                       // [home]
  };
  std::shared_ptr<shared> state_;
};

}  // namespace spawn
