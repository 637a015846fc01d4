// What a store keeps in memory goes over to the one that takes its place.
#pragma once
#include <cstdint>

#include "plugin/instance.hpp"

namespace spawn {

// Whether `to` can have what `from` keeps (spawn.handoff/1). An error says what is missing.
[[nodiscard]] result<void> can_hand_over(const plugin_instance& from, const plugin_instance& to);

// All of it, a chunk at a time; `limit_ms` is for each call. `from` is quiesced and `to` started,
// and nobody gives them operations. On failure `from` has everything still. [control]
[[nodiscard]] result<void> hand_over_memory(plugin_instance& from, plugin_instance& to,
                                            std::uint64_t limit_ms);

}  // namespace spawn
