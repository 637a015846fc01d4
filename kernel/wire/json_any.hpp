// JSON text as the argument of an action.
#pragma once
#include <string>
#include <string_view>

#include "wire/common.hpp"

namespace spawn::wire {

// What most SDKs pack and unpack; the kernel itself compares only the last name.
inline constexpr std::string_view json_type_url =
    "type.googleapis.com/eigr.functions.protocol.JSONType";

// An encoded Any with a JSONType{content=1}. `json` is taken as it is. [any]
[[nodiscard]] inline std::string json_any(std::string_view json) {
  std::string content;
  put_text(content, 1, json);
  std::string out;
  append_any(out, json_type_url, content);
  return out;
}

}  // namespace spawn::wire
