// What bodies in JSON have to be. [any]
#pragma once
#include <cstddef>
#include <string>
#include <string_view>

namespace http_activator {

inline constexpr std::size_t json_depth_max = 100;

// JSON in UTF-8, nested no deeper than json_depth_max: what works on it may recurse.
[[nodiscard]] bool is_json(std::string_view text);

// "application/json" of "Application/JSON; charset=utf-8".
[[nodiscard]] std::string media_type_of(std::string_view content_type);

// application/json, text/json and all that end with +json.
[[nodiscard]] bool is_json_type(std::string_view media_type) noexcept;

}  // namespace http_activator
