// A message of the server as what is offered to the kernel.
#pragma once
#include <memory>

#include "pubsub.pb.h"
#include "settings.hpp"
#include "spawn/plugin/cpp/activator.hpp"

namespace pubsub {

// Takes the message's bytes. `ordered`: its ordering key counts. Without token and deadline.
[[nodiscard]] std::unique_ptr<spawn::plugin::delivery> delivery_of(
    const settings& s, bool ordered, google::pubsub::v1::ReceivedMessage& from);

}  // namespace pubsub
