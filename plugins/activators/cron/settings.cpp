#include "settings.hpp"

#include <set>
#include <utility>

#include "config-common/config.hpp"

namespace cron_activator {
namespace {

using nlohmann::json;
using spawn::plugin::refused;

[[noreturn]] void refuse(const std::string& key, const std::string& why) {
  throw refused(SPAWN_E_INVALID, "config: " + key + " " + why);
}

std::string text_of(const json& from, const char* key, const std::string& at,
                    const std::string& otherwise = {}) {
  const auto value = from.find(key);
  if (value == from.end() || value->is_null()) {
    return otherwise;
  }
  if (!value->is_string()) {
    refuse(at + key, "is not a text");
  }
  return value->get<std::string>();
}

void refuse_strange_keys(const json& from, const std::set<std::string>& known,
                         const std::string& at) {
  for (const auto& [key, value] : from.items()) {
    if (!known.contains(key)) {
      refuse(at + key, "is not a key");
    }
  }
}

schedule read_one(const json& raw, const std::string& default_zone, const std::string& at) {
  if (!raw.is_object()) {
    refuse(at.substr(0, at.size() - 1), "is not an object");
  }
  refuse_strange_keys(raw,
                      {"name", "cron", "every", "time_zone", "missed", "payload", "actor", "parent",
                       "system", "register_ref", "action"},
                      at);
  schedule out;
  out.system = text_of(raw, "system", at);
  out.parent = text_of(raw, "parent", at);
  out.actor = text_of(raw, "actor", at);
  out.register_ref = text_of(raw, "register_ref", at);
  out.action = text_of(raw, "action", at);
  if (out.actor.empty() != out.action.empty()) {
    refuse(at + (out.actor.empty() ? "actor" : "action"), "is missing: the other one is there");
  }
  spawn::reminder_spec times;
  times.name = text_of(raw, "name", at);
  if (times.name.empty()) {
    refuse(at + "name", "is missing");
  }
  times.action = out.action.empty() ? "fire" : out.action;
  times.cron = text_of(raw, "cron", at);
  times.zone = text_of(raw, "time_zone", at, default_zone);
  const std::string every = text_of(raw, "every", at);
  if (times.cron.empty() == every.empty()) {
    refuse(at + "cron", "or every, and not both, has to be there");
  }
  if (!every.empty()) {
    auto period = spawn::parse_period(every);
    if (!period) {
      refuse(at + "every:", period.error().text);
    }
    times.every_ms = *period;
  }
  const auto missed = spawn::missed_fire_of(text_of(raw, "missed", at, "once"));
  if (!missed) {
    refuse(at + "missed", "is none of once, skip, all");
  }
  times.missed = *missed;
  auto prepared = spawn::prepare(std::move(times));
  if (!prepared) {
    throw refused(SPAWN_E_INVALID, "config: " + at + prepared.error().text);
  }
  out.times = std::move(*prepared);
  if (const auto payload = raw.find("payload"); payload != raw.end()) {
    out.payload = payload->dump();
    if (out.payload->size() > spawn::reminder_payload_bytes_max) {
      refuse(at + "payload", "is longer than 64 KiB");
    }
  }
  return out;
}

}  // namespace

std::vector<schedule> read_settings(const spawn::plugin::create_args& args) {
  const json raw = spawn::plugin::with_secrets(args);
  refuse_strange_keys(raw, {"time_zone", "schedules"}, "");
  const auto list = raw.find("schedules");
  if (list == raw.end() || !list->is_array() || list->empty()) {
    refuse("schedules", "is missing");
  }
  if (list->size() > schedules_max) {
    refuse("schedules", "has more than " + std::to_string(schedules_max) + " entries");
  }
  spawn::time_zone::load_database();
  const std::string zone = text_of(raw, "time_zone", "", "UTC");
  if (auto found = spawn::time_zone::find(zone); !found) {
    refuse("time_zone:", found.error().text);
  }
  std::vector<schedule> out;
  std::set<std::string> names;
  for (std::size_t i = 0; i < list->size(); ++i) {
    const std::string at = "schedules[" + std::to_string(i) + "].";
    out.push_back(read_one((*list)[i], zone, at));
    if (!names.insert(out.back().times.name).second) {
      refuse(at + "name", "is the name of an earlier one");
    }
  }
  return out;
}

}  // namespace cron_activator
