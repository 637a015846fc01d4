// From a request that took a route to what the kernel is offered.
#pragma once
#include <memory>
#include <vector>

#include "messages.hpp"
#include "settings.hpp"
#include "spawn/plugin/cpp/activator.hpp"

namespace http_activator {

using deliveries = std::vector<std::unique_ptr<spawn::plugin::delivery>>;

// One, or as many as a batch of CloudEvents has; without token and deadline. Takes the body. [any]
[[nodiscard]] fallible<deliveries> deliveries_of(const settings& with, const route& taken,
                                                 request& from);

}  // namespace http_activator
