// One statestore instance, as the stations see it.
#pragma once
#include <cstdint>
#include <span>
#include <string_view>

#include "plugin/ports/op.hpp"
#include "spawn/plugin/statestore.h"

namespace spawn {

using load_op = pinned<spawn_ss_load>;
using save_op = pinned<spawn_ss_save>;
using list_op = pinned<spawn_ss_list>;

// Implemented over a loaded plugin (kernel/plugin) and by the simulator's store.
class statestore_port {
 public:
  virtual ~statestore_port() = default;
  // The instance's name in the configuration.
  [[nodiscard]] virtual std::string_view name() const noexcept = 0;
  // SPAWN_SS_CAP_* bits. [any]
  [[nodiscard]] virtual std::uint64_t capabilities() const noexcept = 0;
  // False while the plugin says that it can not do its work, say for want of its server. [any]
  [[nodiscard]] virtual bool serving() const { return true; }
  // True: the store has one queue for all lanes (blocking, lanes: one), and what waits there from
  // every lane becomes one batch. False: each lane has a channel of its own.
  [[nodiscard]] virtual bool shared_queue() const noexcept = 0;
  // Hands ops over as one batch; each ends by a task on its `home` lane, never inside this call.
  // Ops of one atomic_group must be in one call. Never blocks. [lane] of `from`
  virtual void submit(lane& from, std::span<spawn_op* const> ops) = 0;
};

}  // namespace spawn
