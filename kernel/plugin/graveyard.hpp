// Things that a misbehaving plugin may still touch, kept until the process ends.
#pragma once
#include <memory>

namespace spawn {

// Never destroyed, and reachable, so that a leak checker can tell it from a leak. [any]
void keep_until_exit(std::shared_ptr<void> thing);

}  // namespace spawn
