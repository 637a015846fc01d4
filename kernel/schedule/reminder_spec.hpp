// What a durable reminder is, when it is due, and what happens to firings that were missed.
#pragma once
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "schedule/cron.hpp"
#include "schedule/time_zone.hpp"

namespace spawn {

// What becomes of firings whose time passed while nobody could make them.
enum class missed_fire : std::uint8_t {
  once,  // one call, however many were missed
  skip,  // none
  all,   // one call for each, oldest first
};
// "once", "skip", "all"; nothing for other words.
[[nodiscard]] std::optional<missed_fire> missed_fire_of(std::string_view word);
[[nodiscard]] std::string_view name(missed_fire missed);

inline constexpr std::size_t reminder_name_bytes_max = 128;
// Of a payload as JSON, and of the reminders of one type: the configuration's bounds.
inline constexpr std::size_t reminder_payload_bytes_max = 64 * 1'024;
inline constexpr std::size_t reminders_per_type_max = 64;
inline constexpr std::uint64_t reminder_every_ms_min = 1'000;
inline constexpr std::uint64_t reminder_every_ms_max = 3'650ull * 86'400'000;
// With `skip`, a firing that comes later than this counts as missed.
inline constexpr std::int64_t reminder_late_ms_max = 60'000;
// The due time of what does not come again.
inline constexpr std::int64_t reminder_never_ms = std::numeric_limits<std::int64_t>::max();

// One reminder of an actor type. Life: filled by hand, then prepared; immutable from then on and
// shared by all lanes. Thread: [any] for reading.
struct reminder_spec {
  std::string name;            // unique within the type, 1 to 128 bytes
  std::string action;          // what is called
  std::string cron;            // empty: every_ms counts. Canonical once prepared
  std::uint64_t every_ms = 0;  // a fixed period, 1 s to 3650 d; 0: cron counts
  std::string zone = "UTC";    // of cron
  missed_fire missed = missed_fire::once;
  std::string payload_any;  // encoded google.protobuf.Any; empty: the call has no payload

  // Made by prepare() of `cron` and `zone`.
  spawn::cron expression;
  spawn::time_zone time;
};

// Of a name or action: not empty, UTF-8, one line, so that to_text() has one form only.
[[nodiscard]] result<void> check_reminder_word(std::string_view text, std::size_t bytes_max);

// Checks every field and makes what due times are computed with. INVALID_ARGUMENT names the field.
// Reads the zone's file, once. [any], after time_zone::load_database().
[[nodiscard]] result<reminder_spec> prepare(reminder_spec raw);

// "90s", "15m", "36h", "7d" as milliseconds. INVALID_ARGUMENT for other texts, and below 1 s.
[[nodiscard]] result<std::uint64_t> parse_period(std::string_view text);

// All that a prepared reminder says, one line per field, the payload as a hash. Equal texts:
// nothing changed. The form is kept between versions, so the text may be stored.
[[nodiscard]] std::string to_text(const reminder_spec& spec);

// The functions below want a prepared reminder; times are milliseconds of Unix time. [any], pure.

// When a reminder that is armed now is due first: strictly later. A period begins now.
[[nodiscard]] std::int64_t first_due(const reminder_spec& spec, std::int64_t now_ms);
// The first due time later than both, of a reminder that was due at `due_ms`. A period keeps its
// phase: due_ms + n * every_ms.
[[nodiscard]] std::int64_t next_due(const reminder_spec& spec, std::int64_t due_ms,
                                    std::int64_t now_ms);

// What a reminder does now.
struct firing {
  std::vector<std::int64_t> calls;  // the due time of each call to make, oldest first
  std::int64_t next_due = 0;        // what to arm next; may lie in the past (`all`)
};
// Of a reminder that was due at `due_ms`, looked at `now_ms`; makes at most `most` calls.
// - due later than now: no call, still due then.
// - once: one call, with due_ms; next is the first due time after now.
// - skip: a call for the latest due time up to now unless that is more than 60 s ago; all earlier
//   ones are missed. Next is the first after now.
// - all: one call for each due time up to now, at most `most`; next is the first not made.
[[nodiscard]] firing fire(const reminder_spec& spec, std::int64_t due_ms, std::int64_t now_ms,
                          std::size_t most);

}  // namespace spawn
