#include "flow-common/virtual_parents.hpp"

#include <algorithm>

namespace spawn::plugin::flows {

std::size_t virtual_parents::index_of(std::string_view parent) const {
  const auto found = std::ranges::lower_bound(texts_, parent);
  return found != texts_.end() && *found == parent
             ? static_cast<std::size_t>(found - texts_.begin())
             : std::string_view::npos;
}

}  // namespace spawn::plugin::flows
