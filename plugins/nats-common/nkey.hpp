// The public name that belongs to an nkey seed (ed25519 behind base32 with a checksum).
#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace nats_common {

// "U..." of "SU..."; nothing when the text is not a user's seed.
[[nodiscard]] std::optional<std::string> public_nkey_of(std::string_view seed);

}  // namespace nats_common
