// A reminder of one actor, as its record keeps it (durability.md 1, "reminders").
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace spawn {

// What it says (schedule/reminder_spec.hpp) and when it is due next. Its next call waits in a timed
// row of the actor's own, which has the payload: a row with another id is not the reminder's any
// more.
struct armed_reminder {
  std::string name;
  std::string action;
  std::string cron;  // empty: every_ms counts
  std::string zone;
  std::uint64_t every_ms = 0;
  std::uint8_t missed = 0;  // of missed_fire
  std::string declared;     // to_text() of what the configuration said; empty: set by a call
  std::int64_t due_ms = 0;
  // Of the row.
  std::uint64_t birth = 0;
  std::uint64_t seq = 0;
  std::int64_t row_due_ms = 0;  // may be later than due_ms: what was missed is caught up
  std::string unknown{};        // fields of a newer kernel, as they were read
  friend bool operator==(const armed_reminder&, const armed_reminder&) = default;
};

// Appends the bytes of all of them. [any]
void encode_reminders(const std::vector<armed_reminder>& from, std::string& out);
// corrupt, with the field: bytes that are no reminders. [any]
[[nodiscard]] result<std::vector<armed_reminder>> decode_reminders(std::string_view bytes);

}  // namespace spawn
