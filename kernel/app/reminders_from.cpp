#include "app/reminders_from.hpp"

#include "wire/json_any.hpp"

namespace spawn {

result<std::shared_ptr<const std::vector<reminder_spec>>> make_reminders(
    const config::actor_rule& rule) {
  if (rule.reminders.empty()) {
    return nullptr;
  }
  auto out = std::make_shared<std::vector<reminder_spec>>();
  for (const auto& from : rule.reminders) {
    reminder_spec raw;
    raw.name = from.name;
    raw.action = from.action;
    raw.cron = from.cron;
    raw.every_ms = from.every_ms;
    raw.zone = from.time_zone;
    raw.missed = from.missed;
    if (!from.payload_json.empty()) {
      raw.payload_any = wire::json_any(from.payload_json);
    }
    auto made = prepare(std::move(raw));
    if (!made) {
      return fail(std::move(made.error())
                      .within("actors." + rule.type + ".reminders: \"" + from.name + "\""));
    }
    out->push_back(std::move(*made));
  }
  return std::shared_ptr<const std::vector<reminder_spec>>(std::move(out));
}

}  // namespace spawn
