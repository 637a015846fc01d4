// The type of a scalar that carries none.
// Thread: [any]; pure functions.
#pragma once
#include <cstdint>
#include <optional>
#include <string_view>

#include "config/value.hpp"

namespace spawn::config {

// By YAML's rules: `tag` is "?" for a plain scalar, "!" for a quoted one, else what was written
// (!!str, !!int, ...). Nothing if the tag is unknown or does not fit.
[[nodiscard]] std::optional<value> read_scalar(std::string_view text, std::string_view tag);

// Whole text or nothing. Decimal, 0x and 0o.
[[nodiscard]] std::optional<std::int64_t> read_integer(std::string_view text);
[[nodiscard]] std::optional<double> read_number(std::string_view text);
[[nodiscard]] std::optional<bool> read_bool(std::string_view text);  // YAML: true, True, TRUE, ...

}  // namespace spawn::config
