// A saga as JSON for people and programs: the answer of `status`, and what describe() gives.
#pragma once
#include "saga/definition.hpp"
#include "saga/state.hpp"

namespace spawn::plugin::saga {

// Without a definition the steps have numbers instead of names.
[[nodiscard]] flows::json status_of(const saga_state& state, const definition* def);

}  // namespace spawn::plugin::saga
