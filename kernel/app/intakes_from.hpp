// From the configuration of activators to their intakes.
#pragma once
#include <memory>

#include "base/result.hpp"
#include "config/settings.hpp"
#include "intake/intake.hpp"

namespace spawn {

// The error begins with the activator's name. Everything is borrowed. [control]
[[nodiscard]] result<std::unique_ptr<intake>> make_intake(const config::settings& settings,
                                                          const config::activator_use& use,
                                                          activator_port& port, lane_router& router,
                                                          byte_budget& budget);

}  // namespace spawn
