// Which source won for each key, for `spawnd --check`. Thread: [control].
#pragma once
#include <string>
#include <vector>

#include "config/load.hpp"
#include "config/value.hpp"

namespace spawn::config {

// `root` is the checked tree, defaults of whole sections put in.
[[nodiscard]] std::vector<origin> origins_of(const value& schema, const value& root,
                                             const std::string& file);

}  // namespace spawn::config
