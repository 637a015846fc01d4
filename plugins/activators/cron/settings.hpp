// The config of an instance as values.
#pragma once
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "schedule/reminder_spec.hpp"
#include "spawn/plugin/cpp/plugin.hpp"

namespace cron_activator {

// Cursors of an instance: SPAWN_AC_CURSORS_MAX.
inline constexpr std::size_t schedules_max = 1'024;

// One schedule. Immutable.
struct schedule {
  spawn::reminder_spec times;          // name, expression or period, missed
  std::optional<std::string> payload;  // JSON; nothing: the invocation has no body
  std::string system, parent, actor, register_ref, action;  // no actor: the routes decide
};

// Throws refused, which names the key. [control]
[[nodiscard]] std::vector<schedule> read_settings(const spawn::plugin::create_args& args);

}  // namespace cron_activator
