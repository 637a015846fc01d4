// JSON from outside, parsed within bounds. For the .cpp files of this folder only.
#pragma once
#include <nlohmann/json.hpp>
#include <string_view>

#include "base/result.hpp"

namespace spawn {

// Deeper nesting than any configuration has, and far from what a recursive reader can not stand.
inline constexpr int json_depth_max = 64;

// Never throws. Errors say where.
[[nodiscard]] result<nlohmann::json> parse_json(std::string_view text);

}  // namespace spawn
