// Native actors of a loaded plugin.
#pragma once
#include <memory>

#include "plugin/ports/actors_port.hpp"
#include "plugin/ports/store_lanes.hpp"

namespace spawn {

class loaded_actors_port final : public actors_port, public registered_port {
 public:
  // `live` may be null: none of its types is.
  loaded_actors_port(std::shared_ptr<instance_core> core, const spawn_actors* table,
                     const spawn_live_actors* live, std::string registration);
  ~loaded_actors_port() override { retire(); }

  [[nodiscard]] std::string_view name() const noexcept override { return core_->name; }
  [[nodiscard]] const std::string& registration() const noexcept override { return registration_; }
  [[nodiscard]] bool is_live(std::uint32_t type) const noexcept override;
  [[nodiscard]] bool accepts() const noexcept override { return core_->accepts(); }
  void submit(lane& from, std::span<spawn_op* const> ops) override;

  [[nodiscard]] result<live_channel> open_live(lane& at, const spawn_live_host& host) override;
  [[nodiscard]] bool call_live(lane& at, const char* what, void (*f)(void*), void* with) override;
  void close_live(lane& at) override;
  void at_close(std::uint32_t lane, unique_function<void()> f) override;

  [[nodiscard]] std::uint64_t submitted() const noexcept override;
  void add_times(call_times& sum) const noexcept override;
  void list_unfinished(std::vector<unfinished_op>& out) const override;
  [[nodiscard]] result<void> close(bool lanes_run, std::uint64_t limit_ms) override;

 private:
  struct slot {
    spawn_actors_lane* handle = nullptr;
    spawn_live_lane* live = nullptr;
    call_times times;
    store_flights flights;
    unique_function<void()> closing;
  };
  // Shared with the task that closes a lane, which may come late.
  struct shared {
    std::shared_ptr<instance_core> core;
    const spawn_actors* table;
    const spawn_live_actors* live;
    std::vector<slot> slots;
  };
  [[nodiscard]] bool open(slot& s, std::uint32_t lane, std::string& why);

  std::shared_ptr<shared> shared_;
  const std::string registration_;
};

}  // namespace spawn
