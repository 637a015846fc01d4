// Some tests run this program once more, as a process that is going to be killed.
#pragma once
#include <optional>

#include "options.hpp"

namespace spawn::check {

// In the test's process: leaves in the environment what the other will need.
void tell_restarted(const options& given);

// In main(), before anything else: the exit code, when this is such a process.
[[nodiscard]] std::optional<int> run_restarted(int argc, char** argv);

}  // namespace spawn::check
