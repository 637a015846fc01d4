// A statestore with a channel per lane ("lanes": "many"): each lane calls it directly.
#pragma once
#include <memory>

#include "plugin/ports/statestore_port.hpp"
#include "plugin/ports/store_lanes.hpp"

namespace spawn {

class lane_store_port final : public statestore_port, public registered_port {
 public:
  // `joined`: behind the channels is one queue, as of a store in a process of its own.
  lane_store_port(std::shared_ptr<instance_core> core, const spawn_statestore* table,
                  bool joined = false);
  ~lane_store_port() override { retire(); }

  [[nodiscard]] std::string_view name() const noexcept override { return core_->name; }
  [[nodiscard]] std::uint64_t capabilities() const noexcept override { return capabilities_; }
  [[nodiscard]] bool serving() const override {
    return !core_->host.faulted() && core_->host.health().serving;
  }
  [[nodiscard]] bool shared_queue() const noexcept override { return joined_; }
  void submit(lane& from, std::span<spawn_op* const> ops) override;

  [[nodiscard]] std::uint64_t submitted() const noexcept override;
  void add_times(call_times& sum) const noexcept override;
  void list_unfinished(std::vector<unfinished_op>& out) const override;
  [[nodiscard]] result<void> close(bool lanes_run, std::uint64_t limit_ms) override;

 private:
  struct slot {
    store_channel channel;
    store_flights flights;
  };
  // Shared with the task that closes a lane, which may come late.
  struct shared {
    std::shared_ptr<instance_core> core;
    const spawn_statestore* table;
    std::vector<slot> slots;
  };
  std::shared_ptr<shared> shared_;
  std::uint64_t capabilities_;
  const bool joined_;
};

}  // namespace spawn
