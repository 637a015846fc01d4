// From the configuration to the reminders of an actor type.
#pragma once
#include <memory>
#include <vector>

#include "base/result.hpp"
#include "config/settings.hpp"

namespace spawn {

// What `actors.<type>.reminders` says, prepared; null: none. The error begins with the key.
// [control]
[[nodiscard]] result<std::shared_ptr<const std::vector<reminder_spec>>> make_reminders(
    const config::actor_rule& rule);

}  // namespace spawn
