// An activator whose plugin can be changed while its intake is drained.
#pragma once
#include <memory>
#include <mutex>
#include <string>

#include "plugin/ports/activator_port.hpp"

namespace spawn {

// Stands before the port of the plugin that serves. It is changed while nothing of the source is
// under way, so no verdict can go to a plugin that did not offer the message (plugin-abi.md C.11).
class swappable_activator_port final : public activator_port {
 public:
  explicit swappable_activator_port(std::unique_ptr<activator_port> first);

  [[nodiscard]] std::string_view name() const noexcept override { return name_; }
  [[nodiscard]] std::uint64_t capabilities() const noexcept override { return capabilities_; }
  [[nodiscard]] lane& home() const noexcept override { return home_; }
  [[nodiscard]] std::pair<bool, std::string> health() const override { return now()->health(); }
  void listen(activator_listener* to) noexcept override;
  [[nodiscard]] bool set_window(std::uint32_t window, bool pause) override {
    return to_->set_window(window, pause);
  }
  void settle(std::span<const spawn_settle* const> verdicts) override { to_->settle(verdicts); }

  [[nodiscard]] activator_listener* listener() const noexcept { return listener_; }  // [control]
  [[nodiscard]] std::shared_ptr<activator_port> now() const;                         // [any]
  // [control], with nothing of the source under way; `use` follows on the home lane.
  void set(std::shared_ptr<activator_port> next);
  void use(activator_port& next) noexcept { to_ = &next; }  // [home]

 private:
  const std::string name_;
  const std::uint64_t capabilities_;
  lane& home_;
  activator_listener* listener_ = nullptr;  // [control]
  activator_port* to_;                      // [home]
  mutable std::mutex mutex_;                // guards now_
  std::shared_ptr<activator_port> now_;
};

}  // namespace spawn
