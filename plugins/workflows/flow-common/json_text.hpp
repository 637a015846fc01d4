// JSON as these plugins read and write it: bounded nesting, any bytes accepted or refused without
// an exception, output that is the same for the same value (keys sorted) and always valid UTF-8.
#pragma once
#include <nlohmann/json.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace spawn::plugin::flows {

using nlohmann::json;

// Writing a value recurses, so what is read may not nest without end.
inline constexpr int json_depth_max = 64;

[[nodiscard]] std::optional<json> read_json(std::string_view text, int depth_max = json_depth_max);
[[nodiscard]] std::string write_json(const json& value);

// The text of a string, number or boolean; nothing for null, an array or an object.
[[nodiscard]] std::optional<std::string> scalar_text(const json& value);

[[nodiscard]] std::string base64(std::string_view bytes);

// At most `bytes` of the text, not ending inside a UTF-8 sequence.
[[nodiscard]] std::string_view shortened(std::string_view text, std::size_t bytes);

// FNV-1a. Names a content; guards against mistakes, not against attacks.
[[nodiscard]] std::uint64_t hash_of(std::string_view bytes, std::uint64_t seed = 0);

}  // namespace spawn::plugin::flows
