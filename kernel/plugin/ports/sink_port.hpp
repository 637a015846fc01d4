// Where actors publish to, as the stations see it.
#pragma once
#include <span>
#include <string_view>

#include "plugin/ports/op.hpp"
#include "spawn/plugin/sink.h"

namespace spawn {

class sink_port {
 public:
  virtual ~sink_port() = default;
  [[nodiscard]] virtual std::string_view name() const noexcept = 0;
  // Every op ends exactly once, on its own lane. Those that the plugin can not take end here:
  // UNAVAILABLE or SHUTDOWN. [lane `from`]
  virtual void submit(lane& from, std::span<spawn_op* const> ops) = 0;
};

}  // namespace spawn
