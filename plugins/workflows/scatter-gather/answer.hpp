// What a scatter answers: to those who wait, to `then`, and to people.
#pragma once
#include "scatter-gather/state.hpp"

namespace spawn::plugin::scatter {

// State, counts and a list with each target's value or error, in the order of the targets.
[[nodiscard]] flows::json gathered(const scatter_state& state);

// REPLY to the request with what was gathered. In mode first: with the first success, as it came,
// or FAIL if there was none.
void answer(const scatter_state& state, std::uint64_t call_id, step_output& out);
// The payload that `then` gets.
[[nodiscard]] flows::any_payload outcome(const scatter_state& state);

}  // namespace spawn::plugin::scatter
