// The configuration in force, as JSON for people. Secrets are left out: of each only whether it is
// set.
#pragma once
#include <string>

#include "config/settings.hpp"

namespace spawn {

[[nodiscard]] std::string config_json(const config::settings& from);  // [any]

}  // namespace spawn
