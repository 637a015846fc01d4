// Metadata keys with a meaning for the kernel itself.
#pragma once
#include <string_view>

namespace spawn {

// The call takes effect once; a repeat with the same key gets the stored response (durability.md
// 22). It names one call: what that call's action sends does not inherit it.
inline constexpr std::string_view metadata_idempotency_key = "idempotency-key";

// A call with these sets a reminder of its receiver, in place of running its action now, or takes
// one away. The action, and the payload, are those of the call.
inline constexpr std::string_view metadata_reminder_name = "reminder-name";
inline constexpr std::string_view metadata_reminder_cron = "reminder-cron";
inline constexpr std::string_view metadata_reminder_every = "reminder-every";
inline constexpr std::string_view metadata_reminder_zone = "reminder-time-zone";
inline constexpr std::string_view metadata_reminder_missed = "reminder-missed";
inline constexpr std::string_view metadata_reminder_cancel = "reminder-cancel";
// What the kernel tells of a call that a reminder made: which one, and the Unix milliseconds at
// which it was due.
inline constexpr std::string_view metadata_reminder = "spawn-reminder";
inline constexpr std::string_view metadata_reminder_due = "spawn-reminder-due";

// Of a message to a sink: the key whose messages keep their order, and where it goes.
inline constexpr std::string_view metadata_publish_key = "publish-key";
inline constexpr std::string_view metadata_publish_destination = "publish-destination";

// What the kernel tells a host of each call, to pass on to systems outside (durability.md 28). A
// caller's entries that begin with the prefix are dropped.
inline constexpr std::string_view metadata_reserved_prefix = "spawn-";
inline constexpr std::string_view metadata_message_id = "spawn-message-id";
inline constexpr std::string_view metadata_revision = "spawn-revision";

[[nodiscard]] constexpr bool is_told_by_kernel(std::string_view key) noexcept {
  return key.starts_with(metadata_reserved_prefix) &&
         (key == metadata_message_id || key == metadata_revision);
}

}  // namespace spawn
