// From the checks of tests/contract to tests of the checker.
#pragma once
#include <string>
#include <vector>

#include "contract/common/check.hpp"
#include "test.hpp"

namespace spawn::check {

// The same checks under `<kind>.<id>`.
[[nodiscard]] test_list suite_tests(const std::string& kind,
                                    const std::vector<contract::check>& checks);

}  // namespace spawn::check
