// Reads the few JSON requests of the example, and its settings; errors name the field.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "spawn/sdk/payload.hpp"

namespace example {

// Throw spawn::sdk::action_error when the field is missing or of another type.
[[nodiscard]] std::int64_t number_of(const spawn::sdk::json& request, const char* field);
[[nodiscard]] std::string text_of(const spawn::sdk::json& request, const char* field);
// Of the settings of the actors; std::invalid_argument when it is no whole number.
[[nodiscard]] std::int64_t setting_of(std::string_view config, const char* key,
                                      std::int64_t otherwise);
// {"field": value}
[[nodiscard]] spawn::sdk::json to_json(const char* field, std::int64_t value);

}  // namespace example
