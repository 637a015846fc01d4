// The `routes` of the config.
#pragma once
#include <nlohmann/json_fwd.hpp>

#include "descriptors.hpp"
#include "routes.hpp"

namespace http_activator {

// Throws refused, which names the key. `types` may be null. [control]
[[nodiscard]] route_table routes_of(const nlohmann::json& config, const descriptors* types);

}  // namespace http_activator
