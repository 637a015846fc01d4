// Reminders of actor types.
#include <algorithm>

#include "config/typed.hpp"

namespace spawn::config {
namespace {

bool has_secret(const value& v) {
  return v.secret || std::any_of(v.items.begin(), v.items.end(), has_secret) ||
         std::any_of(v.members.begin(), v.members.end(),
                     [](const member& m) { return has_secret(m.is); });
}

void read_payload(const value& from, const std::string& pointer, reminder_settings& out,
                  reading& in) {
  out.payload_json = to_json(from, false, false);
  out.payload_secret = has_secret(from);
  if (out.payload_json.size() > reminder_payload_bytes_max) {
    in.found.add(from.at, pointer,
                 "a payload has at most " + std::to_string(reminder_payload_bytes_max) +
                     " bytes as JSON, this one has " + std::to_string(out.payload_json.size()));
  }
}

// When it is due: the keys cron and time_zone, or every.
void read_times(const value& from, const std::string& pointer, reminder_settings& out,
                reading& in) {
  const value* cron_text = from.find("cron");
  const value* every = from.find("every");
  const value* zone = from.find("time_zone");
  if ((cron_text == nullptr) == (every == nullptr)) {
    in.found.add(from.at, pointer, "expected either cron or every, and not both");
    return;
  }
  if (every != nullptr) {
    if (zone != nullptr) {
      in.found.add(zone->at, pointer + "/time_zone",
                   "a fixed period has no time zone; it belongs to cron");
    }
    if (const auto period = parse_period(every->text)) {
      out.every_ms = *period;
    } else {
      in.found.add(every->at, pointer + "/every", period.error().text);
    }
    return;
  }
  if (const auto parsed = cron::parse(cron_text->text)) {
    out.cron = parsed->text();
  } else {
    in.found.add(cron_text->at, pointer + "/cron", parsed.error().text);
  }
  take(zone, out.time_zone);
  if (const auto found = time_zone::find(out.time_zone); !found) {
    in.found.add(zone->at, pointer + "/time_zone", found.error().text);
  }
}

reminder_settings read_reminder(const value& from, const std::string& pointer, reading& in) {
  reminder_settings out;
  take(from.find("name"), out.name);
  take(from.find("action"), out.action);
  const auto check = [&](const char* key, const std::string& text, std::size_t bytes_max) {
    if (const auto checked = check_reminder_word(text, bytes_max); !checked) {
      in.found.add(from.find(key)->at, pointer_step(pointer, key), checked.error().text);
    }
  };
  check("name", out.name, reminder_name_bytes_max);
  check("action", out.action, limits::name_bytes_max);
  if (const value* missed = from.find("missed")) {
    out.missed = missed_fire_of(missed->text).value_or(missed_fire::once);
  }
  read_times(from, pointer, out, in);
  if (const value* payload = from.find("payload")) {
    read_payload(*payload, pointer + "/payload", out, in);
  }
  return out;
}

}  // namespace

void read_reminders(const value& from, const std::string& pointer, actor_rule& rule,
                    const settings& s, reading& in) {
  const value* list = from.find("reminders");
  if (list == nullptr || list->items.empty()) {
    return;
  }
  const auto mode = rule.durability.value_or(s.durability.mode);
  if (mode != durability_mode::commit) {
    in.found.add(list->at, pointer + "/reminders",
                 "reminders are stored with the actor's state and need durability commit; this "
                 "type has another");
  }
  for (std::size_t i = 0; i < list->items.size(); ++i) {
    const value& item = list->items[i];
    const auto here = pointer_step(pointer + "/reminders", std::to_string(i));
    reminder_settings made = read_reminder(item, here, in);
    const bool fresh =
        std::none_of(rule.reminders.begin(), rule.reminders.end(),
                     [&](const reminder_settings& other) { return other.name == made.name; });
    if (!fresh) {
      in.found.add(item.find("name")->at, here + "/name",
                   "there is another reminder named '" + made.name + "' in this type");
    }
    rule.reminders.push_back(std::move(made));
  }
}

}  // namespace spawn::config
