// A statestore with one channel for the whole kernel: what waits from all lanes is one submit.
#pragma once
#include <memory>

#include "plugin/ports/statestore_port.hpp"
#include "plugin/ports/store_lanes.hpp"

namespace spawn {

// "blocking": true gives it a thread of its own, "sp.<instance>", which may sleep inside the
// plugin; what arrives meanwhile is the next batch. Without it ("lanes": "one") lane 0 does the
// calls. A batch is at most limits::group_ops_max operations, never half an atomic group.
// Ids of atomic groups must differ between lanes (lane::next_id() does).
class shared_store_port final : public statestore_port, public registered_port {
 public:
  shared_store_port(std::shared_ptr<instance_core> core, const spawn_statestore* table,
                    bool own_thread);
  // Must be closed, or its instance be gone; a thread that is left is told to end.
  ~shared_store_port() override;

  [[nodiscard]] std::string_view name() const noexcept override { return core_->name; }
  [[nodiscard]] std::uint64_t capabilities() const noexcept override { return capabilities_; }
  [[nodiscard]] bool serving() const override {
    return !core_->host.faulted() && core_->host.health().serving;
  }
  [[nodiscard]] bool shared_queue() const noexcept override { return true; }
  void submit(lane& from, std::span<spawn_op* const> ops) override;

  [[nodiscard]] std::uint64_t submitted() const noexcept override;
  void add_times(call_times& sum) const noexcept override;
  void list_unfinished(std::vector<unfinished_op>& out) const override;
  [[nodiscard]] result<void> close(bool lanes_run, std::uint64_t limit_ms) override;

 private:
  struct shared;
  std::shared_ptr<shared> shared_;
  std::vector<store_flights> flights_;  // by lane
  std::uint64_t capabilities_;
};

}  // namespace spawn
