// JSON text -> value tree, without positions. Thread: [control].
#pragma once
#include <string_view>

#include "base/result.hpp"
#include "config/value.hpp"

namespace spawn::config {

[[nodiscard]] result<value> read_json(std::string_view text);

}  // namespace spawn::config
