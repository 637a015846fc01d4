// Well-formed parts of the plugins we have, for the suite to run and to damage.
#pragma once
#include <string>
#include <vector>

namespace spawn::contract {

[[nodiscard]] std::vector<std::string> part_corpus();

}  // namespace spawn::contract
