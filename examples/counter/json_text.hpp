// Reads the few JSON requests of the example; errors name the field.
#pragma once

#include <cstdint>
#include <string>

#include "spawn/sdk/payload.hpp"

namespace example {

// Throw spawn::sdk::action_error when the field is missing or of another type.
[[nodiscard]] std::int64_t number_of(const spawn::sdk::json& request, const char* field);
[[nodiscard]] std::string text_of(const spawn::sdk::json& request, const char* field);
// {"field": value}
[[nodiscard]] spawn::sdk::json to_json(const char* field, std::int64_t value);

}  // namespace example
