// From the configuration of plugins to requests, and to what can be swapped.
#pragma once
#include <string>

#include "config/settings.hpp"
#include "plugin/manager.hpp"

namespace spawn {

[[nodiscard]] plugin_request request_of(std::string kind, const config::plugin_use& use);

}  // namespace spawn
