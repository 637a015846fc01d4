// From the kernel's verdict on a delivery to the answer that its client gets.
#pragma once
#include <cstdint>
#include <string>

#include "descriptors.hpp"
#include "messages.hpp"
#include "spawn/plugin/activator.h"

namespace http_activator {

// A spawn_settle with its own memory.
struct settled {
  explicit settled(const spawn_settle& from);

  std::uint64_t token;
  std::uint32_t verdict;
  std::uint32_t delay_ms;
  spawn_status status;
  std::uint32_t presence;
  std::string type_url, value, error;
  pairs headers;

  [[nodiscard]] bool is_done() const noexcept { return verdict == SPAWN_ACK && status == SPAWN_OK; }
};

// What a client is told of the actor's answer: JSON where it can be had, unless it asked for
// protobuf. `accept`: its header; `types` may be null. [any]
[[nodiscard]] answer reply_of(settled&& from, std::string_view accept, const descriptors* types);

// Of a verdict that is not is_done(). A client is the source here: what has to be delivered again,
// it has to send again. [any]
[[nodiscard]] answer failure_of(const settled& from);

}  // namespace http_activator
