// A statestore whose plugin can be changed while actors work on it.
#pragma once
#include <memory>
#include <mutex>
#include <string>

#include "plugin/ports/statestore_port.hpp"
#include "plugin/ports/submit_gate.hpp"

namespace spawn {

// Stands before the port of the plugin that serves. Name, capabilities and the kind of queue are
// those of the first plugin, and do not change (plugin-abi.md C.11).
class swappable_store_port final : public statestore_port {
 public:
  swappable_store_port(std::unique_ptr<statestore_port> first, std::size_t lanes)
      : name_(first->name()),
        capabilities_(first->capabilities()),
        shared_queue_(first->shared_queue()),
        now_(std::move(first)),
        gate_(lanes, *now_) {}

  [[nodiscard]] std::string_view name() const noexcept override { return name_; }
  [[nodiscard]] std::uint64_t capabilities() const noexcept override { return capabilities_; }
  [[nodiscard]] bool serving() const override { return now()->serving(); }
  [[nodiscard]] bool shared_queue() const noexcept override { return shared_queue_; }
  void submit(lane& from, std::span<spawn_op* const> ops) override { gate_.submit(from, ops); }

  [[nodiscard]] submit_gate<statestore_port>& gate() noexcept { return gate_; }
  [[nodiscard]] std::shared_ptr<statestore_port> now() const {  // [any]
    const std::lock_guard hold(mutex_);
    return now_;
  }
  // The caller keeps the old one until no gate leads to it. [control]
  void set(std::shared_ptr<statestore_port> next) {
    const std::lock_guard hold(mutex_);
    now_ = std::move(next);
  }

 private:
  const std::string name_;
  const std::uint64_t capabilities_;
  const bool shared_queue_;
  mutable std::mutex mutex_;  // guards now_
  std::shared_ptr<statestore_port> now_;
  submit_gate<statestore_port> gate_;
};

}  // namespace spawn
