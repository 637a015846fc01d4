// The sink of an instance whose plugin can be changed.
#pragma once
#include <memory>
#include <string>

#include "plugin/ports/sink_port.hpp"
#include "plugin/ports/submit_gate.hpp"

namespace spawn {

// Stands before the sink of the plugin that serves.
class swappable_sink_port final : public sink_port {
 public:
  swappable_sink_port(std::unique_ptr<sink_port> first, std::size_t lanes)
      : name_(first->name()), now_(std::move(first)), gate_(lanes, *now_) {}

  [[nodiscard]] std::string_view name() const noexcept override { return name_; }
  void submit(lane& from, std::span<spawn_op* const> ops) override { gate_.submit(from, ops); }

  [[nodiscard]] submit_gate<sink_port>& gate() noexcept { return gate_; }
  // [control]
  [[nodiscard]] sink_port& now() noexcept { return *now_; }
  void set(std::unique_ptr<sink_port> next) { now_ = std::move(next); }

 private:
  const std::string name_;
  std::unique_ptr<sink_port> now_;
  submit_gate<sink_port> gate_;
};

}  // namespace spawn
