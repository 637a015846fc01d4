// What a host is told of a call, to pass on to systems outside (durability.md 28).
#pragma once
#include <cstdint>
#include <string>

#include "model/invocation.hpp"

namespace spawn {

class cell;

// The same for each run of one message: of a call with an idempotency key also for its repeats, of
// a message row for each attempt. `life` is the number of this lane's life. [lane]
[[nodiscard]] std::string message_id_of(invocation& message, actor_view actor, lane& home,
                                        std::uint64_t life);

// Revision of the state that the next turn is given, counted on over saves that are under way.
// Empty when the actor keeps nothing. [lane]
[[nodiscard]] std::string revision_given(const cell& c);

}  // namespace spawn
