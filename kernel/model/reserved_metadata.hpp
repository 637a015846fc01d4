// Metadata keys with a meaning for the kernel itself.
#pragma once
#include <string_view>

namespace spawn {

// The call takes effect once; a repeat with the same key gets the stored response (durability.md
// 22). It names one call: what that call's action sends does not inherit it.
inline constexpr std::string_view metadata_idempotency_key = "idempotency-key";

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
