// From native plugins' registrations to the types that the router installs.
#pragma once
#include <memory>
#include <vector>

#include "config/settings.hpp"
#include "native/live_types.hpp"
#include "plugin/ports/actors_port.hpp"
#include "router/policies.hpp"

namespace spawn {

// Reads what each port registers into `to.natives`, and which of it is live into `live`, one entry
// per port. After everything that gives types their policies. An error names the instance and the
// actor. [control]
[[nodiscard]] result<void> add_native_types(const config::settings& settings,
                                            const std::vector<std::unique_ptr<actors_port>>& ports,
                                            policies& to,
                                            std::vector<std::unique_ptr<live_types>>& live);

}  // namespace spawn
