// JSON text as the argument of an action, and a payload as JSON.
#pragma once
#include <string>
#include <string_view>

#include "wire/common.hpp"

namespace spawn::wire {

// What most SDKs pack and unpack; the kernel itself compares only the last name.
inline constexpr std::string_view json_type_url =
    "type.googleapis.com/eigr.functions.protocol.JSONType";

// An encoded Any with a JSONType{content=1}. `json` is taken as it is. [any]
[[nodiscard]] std::string json_any(std::string_view json);

// The value as JSON: a JSONType's own text; of any other type its name and bytes, as
// {"@type", "value"}; null where there is none. [any]
[[nodiscard]] std::string json_of(payload_view value);

}  // namespace spawn::wire
