// What every statestore port keeps per lane, and the calls into the plugin's table.
#pragma once
#include <atomic>
#include <memory>
#include <span>
#include <vector>

#include "plugin/instance_core.hpp"
#include "plugin/ports/op.hpp"
#include "spawn/plugin/statestore.h"

namespace spawn {

// A channel into the plugin: opened by the first batch, on the thread that uses it. [that thread]
struct store_channel {
  spawn_ss_lane* handle = nullptr;
  call_times times;

  // True when the handle is there; otherwise `why` tells, and the next batch tries again.
  [[nodiscard]] bool open(instance_core& core, const spawn_statestore& table, std::uint32_t lane,
                          std::string& why);
  void close(instance_core& core, const spawn_statestore& table);
};

// Operations of one lane. [lane], or [control] once the gates are closed.
struct store_flights {
  flight_log log;
  std::atomic<std::uint64_t> submitted{0};

  void add(std::span<spawn_op* const> ops, std::uint64_t now_ns) {
    for (spawn_op* raw : ops) {
      log.add(*raw, now_ns);
    }
    submitted.store(log.added(), std::memory_order_release);
  }
};

// Unregisters from the instance when it goes; what it handed over stays counted. [control]
class registered_port : public instance_port {
 public:
  explicit registered_port(std::shared_ptr<instance_core> core) : core_(std::move(core)) {
    const std::lock_guard hold(core_->ports_mutex);
    core_->ports.push_back(this);
  }
  ~registered_port() override {
    const std::lock_guard hold(core_->ports_mutex);
    std::erase(core_->ports, this);
  }
  registered_port(const registered_port&) = delete;
  registered_port& operator=(const registered_port&) = delete;

 protected:
  // First thing in the destructor of a port.
  void retire() noexcept { core_->retired_submitted += submitted(); }

  std::shared_ptr<instance_core> core_;
};

}  // namespace spawn
