#include <algorithm>
#include <iterator>

#include "contract/statestore/statestore_suite.hpp"
#include "contract/statestore/suite_kill.hpp"
#include "suite_tests.hpp"

namespace spawn::check {

test_list statestore_tests() {
  std::vector<contract::check> all = contract::statestore_checks();
  std::ranges::move(contract::kill_checks(), std::back_inserter(all));
  return suite_tests("statestore", all);
}

}  // namespace spawn::check
