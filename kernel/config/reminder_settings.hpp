// What the configuration says of an actor type's reminders (schedule/reminder_spec.hpp).
// Plain data; part of settings.hpp. Thread: [any] for reading.
#pragma once
#include <cstdint>
#include <string>

#include "schedule/reminder_spec.hpp"

namespace spawn::config {

struct reminder_settings {
  std::string name;  // unique within the type
  std::string action;
  std::string cron;  // canonical; empty: every_ms counts
  std::uint64_t every_ms = 0;
  std::string time_zone = "UTC";  // of cron
  missed_fire missed = missed_fire::once;
  std::string payload_json;     // empty: none
  bool payload_secret = false;  // part of it came from ${...}: never printed
  bool operator==(const reminder_settings&) const = default;
};

}  // namespace spawn::config
