// Where a transport plugin's messages go.
#pragma once
#include <cstdint>

#include "spawn/plugin/transport.h"

namespace spawn {

// Takes the messages over, buffers included. Must not throw and not block. [any]
class transport_sink {
 public:
  virtual ~transport_sink() = default;
  virtual void deliver(const spawn_tp_message* messages, std::uint32_t n) noexcept = 0;
};

}  // namespace spawn
