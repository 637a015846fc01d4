// What an operator wants done to an actor's state, in its turn among the actor's messages.
#pragma once
#include <cstdint>

namespace spawn {

enum class state_order_kind : std::uint8_t {
  restore,  // payload and tags of an earlier revision become the newest (durability.md 26)
  remove,   // a tombstone takes the record's place (durability.md 25)
  erase,    // the same, and nothing is left of what the actor knew, history included
};

// Shared between the message that carries it and who waits for that message's answer: written on
// the lane before the answer, read after it.
struct state_order {
  state_order_kind kind = state_order_kind::restore;
  std::uint64_t revision = 0;       // restore: which
  std::uint64_t made_revision = 0;  // out: the revision that carries it out; 0: nothing was stored
};

}  // namespace spawn
